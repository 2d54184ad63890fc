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
