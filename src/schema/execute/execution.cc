#include "schema/execute/execution.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "schema/execute/complete.h"
#include "schema/execute/introspection.h"
#include "schema/language/text.h"

namespace waggle::graphql {
namespace {

constexpr std::size_t deepest = 1000;

std::vector<response_error> request_error(std::string message, std::size_t offset, bool located) {
  std::vector<response_error> all(1);
  response_error& e = all.front();
  e.why.code = error_code::invalid_argument;
  e.why.whose = fault::caller;
  e.why.message = std::move(message);
  if (located) e.offsets.push_back(offset);
  return all;
}

std::string why_no_operation(const prepared_document& document, std::string_view operation_name) {
  if (document.doc.operations.empty()) return "the document has no operation, only fragments";
  if (operation_name.empty()) return "the document has several operations; operationName must say which one";
  std::vector<std::string_view> names;
  for (const operation_definition& o : document.doc.operations) names.push_back(o.id.text);
  return fmt::format("the document has no operation {}{}", shown(operation_name), did_you_mean(operation_name, names));
}

}  // namespace

class execution::state {
 public:
  state(const execution_request& request, const operation_definition& operation,
        const prepared_document::operation_plan& plan, variable_values variables)
      : document_(request.document),
        operation_(operation),
        variables_(std::move(variables)),
        plans_(*document_, plan.selections.get(), variables_),
        with_debug_(request.with_debug),
        limits_(request.limits) {
    limits_.depth = std::min(limits_.depth, deepest);
    text_.most_bytes = limits_.response_bytes;
    const selection_group* const group = plans_.root(operation);
    if (group == nullptr) return;
    root_ = &plans_.of(*group, *group->type);
    fields_.resize(root_->fields.size());
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      prepare(root_->fields[i], fields_[i]);
      if (kind() == operation::subscription && fields_[i].at_argument) no_stream(root_->fields[i], fields_[i]);
      if (refused_) return;
      // `data` will be null, whatever follows; what stands before is called all the same, as §6.2.2 has it in order.
      if (fields_[i].at_argument && root_->fields[i].definition->type.non_null()) break;
    }
  }

  [[nodiscard]] operation kind() const { return operation_.kind; }
  /// A request error: nothing is to be executed.
  [[nodiscard]] const std::optional<response_error>& refused() const { return refused_; }
  [[nodiscard]] std::span<root_call> calls() { return calls_; }
  [[nodiscard]] bool lost() const { return lost_; }
  [[nodiscard]] bool full() const { return full_; }

  void answered(std::size_t call, result<std::string> answer) {
    if (call >= calls_.size() || full_) return;
    if (answer) answer_bytes_ += answer->size();
    if (answer_bytes_ / limits_.answers > limits_.response_bytes) return forget();
    root_field& f = fields_[of_calls_[call]];
    f.failed.reset();
    if (!answer) {
      f.failed = std::move(answer.error());
    } else if (!f.answer.read(std::move(*answer), limits_.depth)) {
      error e;
      e.whose = fault::guest;
      e.cause = failure_cause::answer;
      e.message = fmt::format("the answer of {}.{} is no JSON of at most {} levels", calls_[call].service,
                              calls_[call].method, limits_.depth);
      f.failed = std::move(e);
    }
    if (f.failed && root_->fields[of_calls_[call]].definition->type.non_null()) lost_ = true;
  }

  std::string finish() {
    constexpr std::string_view before = "{\"data\":";
    text_.out = before;
    text_.out += '{';
    bool fine = root_ != nullptr;
    text_.stopped = full_;
    for (std::size_t i = 0; fine && i < fields_.size(); ++i) {
      const planned_field& f = root_->fields[i];
      if (i > 0) text_.out += ',';
      text_.out += f.key;
      text_.path.push_back({&f, 0});
      fine = complete(f, fields_[i]);
      text_.path.pop_back();
    }
    text_.out += "}}";
    if (text_.stopped) stopped();
    if (text_.errors.empty() && fine) return std::move(text_.out);
    const std::string_view data =
        fine && !text_.stopped ? std::string_view(text_.out).substr(before.size()) : std::string_view("null}");
    return fmt::format("{{\"errors\":{},\"data\":{}", errors_json(text_.errors, document_->text, with_debug_), data);
  }

  std::string respond_item(result<std::string> item) {
    text_.errors.clear();
    text_.spent = 0;
    answer_bytes_ = 0;
    lost_ = full_ = false;
    answered(0, std::move(item));
    return finish();
  }

  std::string respond_no_stream(error why) {
    text_.errors.clear();
    text_.path.push_back({&root_->fields.front(), 0});
    text_.fail(std::move(why));
    text_.path.pop_back();
    return error_response(text_.errors, document_->text, with_debug_);
  }

 private:
  struct root_field {
    const endpoint::target* target = nullptr;  ///< null: the endpoint answers
    std::optional<error> failed;
    std::optional<std::size_t> at_argument;  ///< where it failed because of one
    json_tape answer;
  };

  /// The answers are too much. One request with many aliases would hold as many of the largest answers otherwise, whatever
  /// its response has of them.
  void forget() {
    full_ = true;
    for (root_field& f : fields_) {
      const json_tape gone = std::exchange(f.answer, {});
    }
  }

  void prepare(const planned_field& f, root_field& into) {
    into.target = document_->of->find(operation_.kind, f.name());
    if (into.target == nullptr || f.definition != into.target->definition) {
      into.target = nullptr;
      return;
    }
    root_call call;
    call.service = into.target->of->described->name;
    call.method = into.target->callee->name;
    call.kind = operation_.kind;
    call.response_name = f.response_name();
    bounded_text text{.out = {}, .most_bytes = limits_.payload_bytes - payload_bytes_};
    if (!payload(f, into, text)) return;
    if (text.too_long) return too_much(f);
    payload_bytes_ += text.out.size();
    call.payload = std::move(text.out);
    error e;
    e.code = error_code::canceled;
    e.message = fmt::format("{}.{} was not called", call.service, call.method);
    into.failed = std::move(e);
    of_calls_.push_back(static_cast<std::size_t>(&into - fields_.data()));
    calls_.push_back(std::move(call));
  }

  /// CoerceArgumentValues (§6.4.1), as far as the method does not do it. False where an argument has no value but must.
  bool payload(const planned_field& f, root_field& into, bounded_text& to) {
    const std::string& out = to.out;
    const bool bare = into.target->callee->bare && !f.definition->arguments.empty();
    if (!bare) to.put("{");
    for (const input_value& defined : f.definition->arguments) {
      const auto given =
          std::ranges::find(f.first->arguments, defined.id.text, [](const argument& a) { return a.id.text; });
      const std::size_t before = out.size();
      if (!bare) {
        if (before > 1) to.put(",");
        to.put(fmt::format("\"{}\":", defined.id.text));
      }
      const std::size_t start = out.size();
      bool has = given != f.first->arguments.end() && append_argument(to, given->given, variables_);
      // A bare payload has no place where the method could see that it is missing.
      if (!has && bare && !defined.default_value.empty())
        has = append_argument(to, defined.default_value.front(), variables_);
      if (to.too_long) return true;
      const bool is_null = has && std::string_view(out).substr(start) == "null";
      if (defined.type.non_null() && (is_null || (!has && defined.default_value.empty()))) {
        error e;
        e.code = error_code::invalid_argument;
        e.whose = fault::caller;
        e.message = fmt::format("the argument {} of {} cannot be null", defined.id.text, f.name());
        into.failed = std::move(e);
        into.at_argument = given != f.first->arguments.end() ? given->given.offset : f.first->offset;
        return false;
      }
      if (!has && bare) to.put("null");
      if (!has && !bare) to.out.resize(before);
    }
    if (!bare) to.put("}");
    return true;
  }

  /// CreateSourceEventStream (§6.2.3.1): without the arguments there is no stream, so there are no responses with `data`.
  void no_stream(const planned_field& f, const root_field& r) {
    text_.path.push_back({&f, 0});
    text_.fail(*r.failed);
    refused_ = std::move(text_.errors.back());
    refused_->offsets = {*r.at_argument};
  }

  void too_much(const planned_field& f) {
    refused_.emplace();
    refused_->why.code = error_code::resource_exhausted;
    refused_->why.whose = fault::caller;
    refused_->why.message = fmt::format(
        "the arguments are too much: more than {} bytes with each variable put in wherever it is used; send less at a "
        "time",
        limits_.payload_bytes);
    refused_->offsets.push_back(f.first->offset);
  }

  /// Writes the value of a root field; false where it cannot be null and failed.
  bool complete(const planned_field& f, root_field& r) {
    if (!text_.go_on()) return false;
    if (r.failed) {
      text_.fail(*r.failed);
      if (r.at_argument) text_.errors.back().offsets = {*r.at_argument};
      if (f.definition->type.non_null()) return false;
      text_.out += "null";
      return true;
    }
    if (r.target != nullptr) return completion(plans_, text_, *r.target->of, r.answer).root(f);
    if (f.definition == &query_schema::typename_field()) {
      text_.out += fmt::format("\"{}\"", root_->type->name());
    } else if (f.definition == &query_schema::schema_field() || f.definition == &query_schema::type_field()) {
      introspection(*document_->of, plans_, text_, variables_, limits_.depth).root(f);
    } else {
      services();
    }
    return true;
  }

  /// `_services`
  void services() {
    text_.out += '[';
    for (const auto& part : document_->of->parts()) {
      if (part != document_->of->parts().front()) text_.out += ',';
      text_.out += json_quote(part->described->name);
    }
    text_.out += ']';
  }

  void stopped() {
    text_.errors.clear();
    response_error e;
    e.why.code = error_code::resource_exhausted;
    e.why.whose = fault::caller;
    if (full_)
      e.why.message =
          fmt::format("the answers of the services are too much: more than {} bytes; ask for less at a time",
                      limits_.answers * limits_.response_bytes);
    else
      e.why.message = fmt::format(
          "the response is too much: more than {} bytes, or fields nested deeper than {}; ask for less at a time",
          limits_.response_bytes, limits_.depth);
    e.offsets.push_back(operation_.offset);
    text_.errors.push_back(std::move(e));
  }

  std::shared_ptr<const prepared_document> document_;
  const operation_definition& operation_;
  variable_values variables_;
  plan_source plans_;
  bool with_debug_;
  execution_limits limits_;
  const object_plan* root_ = nullptr;
  std::vector<root_field> fields_;
  std::vector<root_call> calls_;
  std::vector<std::size_t> of_calls_;  ///< the field of each
  std::size_t payload_bytes_ = 0;
  std::size_t answer_bytes_ = 0;
  std::optional<response_error> refused_;
  response_text text_;
  bool lost_ = false;
  bool full_ = false;
};

execution::execution(std::unique_ptr<state> s) : state_(std::move(s)) {}
execution::execution(execution&&) noexcept = default;
execution& execution::operator=(execution&&) noexcept = default;
execution::~execution() = default;

std::expected<execution, std::vector<response_error>> execution::begin(const execution_request& request) {
  const prepared_document& document = *request.document;
  const operation_definition* const operation = document.find_operation(request.operation_name);
  if (operation == nullptr)
    return std::unexpected(request_error(why_no_operation(document, request.operation_name), 0, false));
  if (document.of->schema().root(operation->kind) == nullptr)
    return std::unexpected(
        request_error(fmt::format("there are no {}s here", to_string(operation->kind)), operation->offset, true));
  const auto number = static_cast<std::size_t>(operation - document.doc.operations.data());
  const prepared_document::operation_plan& plan = document.plans[number];
  variable_values variables;
  if (plan.variables != nullptr) {
    auto coerced = plan.variables->coerce(request.variables, request.limits.variable_bytes);
    if (!coerced) return std::unexpected(std::move(coerced.error()));
    variables = std::move(*coerced);
  }
  auto made = std::make_unique<state>(request, *operation, plan, std::move(variables));
  if (made->refused()) return std::unexpected(std::vector{*made->refused()});
  return execution(std::move(made));
}

operation execution::kind() const { return state_->kind(); }
std::span<root_call> execution::calls() { return state_->calls(); }
void execution::answered(std::size_t call, result<std::string> answer) { state_->answered(call, std::move(answer)); }
bool execution::lost() const { return state_->lost(); }
bool execution::full() const { return state_->full(); }
std::string execution::finish() { return state_->finish(); }
std::string execution::respond_item(result<std::string> item) { return state_->respond_item(std::move(item)); }
std::string execution::respond_no_stream(error why) { return state_->respond_no_stream(std::move(why)); }

}  // namespace waggle::graphql
