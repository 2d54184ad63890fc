#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/service.h"
#include "gateway/credentials.h"
#include "loop/core_loop.h"

namespace waggle {

/// Bytes of a cursor, whoever gives it: the service, or a client that comes again.
inline constexpr std::size_t longest_cursor = 4096;

/// One item of a stream.
struct stream_item {
  std::string json;
  /// Where the stream goes on behind it; empty where it cannot be told: only the last item of an answer has one.
  std::string cursor;
};

/// The stream of a subscription's method (docs/subscriptions.md): the service is asked for the next items with the cursor of the
/// last answer, and says when to come again. It is asked only when all items have been taken, so a slow consumer costs one
/// answer and no more. Used on one core; keeps itself while a call is under way.
class subscription : public std::enable_shared_from_this<subscription> {
 public:
  using waker = void (*)(void* self);

  /// `request` has method, input and context; its cursor is where the stream is to begin, empty for its beginning. All
  /// references outlive it. `again` tells before each question who asks by then: an error ends the stream.
  subscription(core_loop& core, const service_directory& directory, std::uint64_t& next_id, std::string service,
               service_request request, identify_again again = {});

  /// From now on `wake(self)` tells that `next` has something to say. Not called from within `next`. Null: nobody listens.
  void listen(void* self, waker on_more) { self_ = self, wake_ = on_more; }

  /// The next item, where one is there. Otherwise the service is asked as soon as it may be.
  [[nodiscard]] std::optional<stream_item> next();
  /// Nothing comes any more: `why` has the reason, nothing where the service said that it is done.
  [[nodiscard]] bool ended() const { return ended_ && taken_ == items_.size(); }
  [[nodiscard]] const std::optional<error>& why() const { return why_; }
  /// Nobody wants it any more.
  void stop();

 private:
  void poll();
  void answered();
  bool read();
  void forget();
  void end(std::optional<error> why);

  core_loop& core_;
  const service_directory& directory_;
  std::uint64_t& next_id_;
  const std::string service_;
  service_request first_;
  const identify_again again_;
  std::string cursor_;
  service_call call_;
  std::shared_ptr<subscription> kept_;  // itself, while a call is under way
  /// The last answer with items as it came, and where they are in it: a slow consumer may have many, and small ones.
  std::string answer_;
  struct place {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  std::vector<place> items_;
  std::size_t taken_ = 0;   // of `items_`
  bool continues_ = false;  // `cursor_` is behind the last of them
  timer due_{this, [](void* self) { static_cast<subscription*>(self)->poll(); }};
  duration wait_{0};
  unsigned failures_ = 0;  // in a row, of those that trying again may help
  std::optional<error> why_;
  void* self_ = nullptr;
  waker wake_ = nullptr;
  bool ended_ = false;
  bool stopped_ = false;
  bool inside_ = false;
};

}  // namespace waggle
