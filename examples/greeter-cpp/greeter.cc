// A greeter on waggle's kit for C++; greeter.graphql is its contract.
#include "waggle.h"

static std::string hello(const std::string& language) {
  if (language == "FRENCH") return "Bonjour, ";
  if (language == "GERMAN") return "Hallo, ";
  return "Hello, ";
}

static waggle::reply greet_one(const waggle::json& person, const waggle::json& language) {
  const std::string& name = person["name"].text();
  if (name.empty()) return waggle::error("invalid_argument", "nobody to greet: the name is empty");
  waggle::log(waggle::level::info, "greeting " + name);
  return waggle::object{{"text", hello(language.text()) + name + "!"}, {"language", language}};
}

static waggle::reply greet(const waggle::json& in) { return greet_one(in["person"], in["language"]); }
WAGGLE_METHOD(greet);

static waggle::reply greetAll(const waggle::json& in) {
  waggle::list greetings;
  for (const waggle::json& person : in["people"].items()) {
    waggle::reply one = greet_one(person, in["language"]);
    if (one.failed()) return one;
    greetings.push_back(one.value());
  }
  return greetings;
}
WAGGLE_METHOD(greetAll);
