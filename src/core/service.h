#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/call.h"

namespace waggle {

struct contract;  // schema/contract.h

/// A name, a contract, and something that answers its methods. One object per core; used on that core only.
class service {
 public:
  virtual ~service() = default;

  /// Answers `call`, now or later, by finishing it exactly once. Never blocks.
  virtual void ask(service_call& call) = 0;

  /// The call's answer is known to fit the contract: make lasting what the request wrote (`call.effects`), then finish the
  /// call once more; with `effects->again` set it is asked again from the start instead. Called by the call chain.
  virtual void settle(service_call& call) { call.finish(); }

  /// A request would be refused now, whatever is in it: why. Asked before its payload is looked at, or even read; who does
  /// not let it in then hands it to `refuse`. Nothing where it may come in, which is no promise.
  [[nodiscard]] virtual std::optional<error> refuses() const { return std::nullopt; }
  /// Finishes `call`, of which the method is known and perhaps no more, with what `refuses` said: it counts as one that was
  /// asked.
  virtual void refuse(service_call& call, error why) { call.finish(std::move(why)); }

  [[nodiscard]] virtual const contract& description() const = 0;
};

/// Name → service on one core; the only way to find one. It owns nothing: whoever puts a service in takes it out
/// again and keeps it alive until its last call has finished.
class service_directory {
 public:
  /// The service of that fully qualified name, or null.
  [[nodiscard]] service* find(std::string_view name) const;
  /// Adds it, or puts it in the place of the one with this name.
  void put(std::string name, service& s);
  void remove(std::string_view name);
  /// All names, in order.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  std::unordered_map<std::string, service*, hash, std::equal_to<>> services_;
};

}  // namespace waggle
