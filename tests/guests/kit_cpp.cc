// The corners of kits/cpp that the example does not reach.
#include "waggle.h"

static waggle::reply same(const waggle::json& in) { return in["value"]; }
WAGGLE_METHOD(same);

static waggle::reply context(const waggle::json&) { return waggle::context(); }
WAGGLE_METHOD(context);

static waggle::reply fail(const waggle::json& in) {
  return waggle::error(in["code"].text(), in["message"].text(), in["details"]);
}
WAGGLE_METHOD(fail);

static waggle::reply numbers(const waggle::json& in) {
  std::int64_t integers = 0;
  double reals = 0;
  for (const waggle::json& n : in["values"].items()) integers += n.integer(), reals += n.real();
  return waggle::object{{"integers", integers}, {"reals", reals}, {"missing", in["missing"]["deeper"].text()}};
}
WAGGLE_METHOD(numbers);

static waggle::reply spell(const std::string& word) {
  const std::size_t at = static_cast<std::size_t>(std::atoi(waggle::cursor().c_str()));
  waggle::stream out;
  if (at < word.size()) out.item(word.substr(at, 1)).cursor(std::to_string(at + 1)).after_ms(0);
  return at + 1 < word.size() ? out : out.done();
}
static waggle::reply letters(const waggle::json& in) { return spell(in["word"].text()); }
WAGGLE_METHOD(letters);

static waggle::reply spelled(const waggle::json& in) { return spell(in.text()); }
WAGGLE_METHOD(spelled);
