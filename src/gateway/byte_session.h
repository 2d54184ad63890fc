#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace waggle {

/// One connection without its socket: takes bytes, gives bytes. HTTP/1.1, HTTP/2, and TLS around either. Used on one core.
///
/// The owner receives into `space`, tells `received`, then repeats `proceed` and sends `output` until neither gives
/// anything; and keeps the session until `asking` is false.
class byte_session {
 public:
  /// What it waits for, to choose a time-out by.
  enum class waits : std::uint8_t {
    first,   ///< the first byte of the connection
    idle,    ///< the first byte of another request
    head,    ///< the rest of a head, or of a TLS handshake
    body,    ///< the rest of a body
    answer,  ///< a service
    stream,  ///< whatever comes next, on either side
    send,    ///< the client, to take the output
    nothing  ///< it is over
  };
  /// There is something to do: `proceed`. Not called from within the session's own functions.
  using waker = void (*)(void* self);

  byte_session() = default;
  virtual ~byte_session() = default;
  byte_session(const byte_session&) = delete;
  byte_session& operator=(const byte_session&) = delete;

  /// Where to receive. Empty: nothing is taken at present. Stays where it is until `received` or the next `space`.
  [[nodiscard]] virtual std::span<char> space() = 0;
  virtual void received(std::size_t n) = 0;
  /// The client sends nothing more.
  virtual void end_of_input() = 0;
  /// Looks at the input, until there is output, or a service is asked, or more input is needed.
  virtual void proceed() = 0;

  /// To send, in this order.
  [[nodiscard]] virtual std::array<std::string_view, 2> output() const = 0;
  [[nodiscard]] virtual bool has_output() const = 0;
  virtual void sent(std::size_t n) = 0;

  [[nodiscard]] virtual waits waiting() const = 0;
  /// The time for what it waits for is over. Gives output or is over.
  virtual void timed_out() = 0;
  /// The node drains: what goes on without an end is ended.
  virtual void drain() = 0;
  /// The connection is lost: no output any more; what is pending is told.
  virtual void abort() = 0;
  /// Nothing will come any more: close when the output is sent.
  [[nodiscard]] virtual bool over() const = 0;
  /// A call is pending or a stream is open: something else will wake the owner.
  [[nodiscard]] virtual bool asking() const = 0;
  /// How many requests have begun to be answered.
  [[nodiscard]] virtual std::uint64_t requests() const = 0;
};

}  // namespace waggle
