// shop.v1.Orders 1.0.0 for its callers. Made by `waggle describe --format cpp`; do not edit.
// clang-format off
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "waggle/typed.h"

/// Takes orders and keeps them. What is to be mailed lies in an outbox, which shop.v1.Mailer empties.
/// A customer is whom the caller names: nobody has to log in for this example.
namespace shop {
inline namespace v1 {
namespace orders {

inline constexpr const char* service_name = "shop.v1.Orders";

enum class Status {
  /// one that these stubs do not know
  unknown_,
  PLACED,
  CANCELLED,
};

inline void to_json(waggle::json& out, const Status& v) {
  switch (v) {
    case Status::PLACED: out = "PLACED"; break;
    case Status::CANCELLED: out = "CANCELLED"; break;
    case Status::unknown_: break;
  }
}

inline void from_json(const waggle::json& in, Status& out) {
  const std::string& text = in.text();
  out = Status::unknown_;
  if (text == "PLACED") out = Status::PLACED;
  if (text == "CANCELLED") out = Status::CANCELLED;
}

struct Item;
struct ItemInput;
struct Mail;
struct Order;
struct NewOrder;
struct OrderPage;

struct Item {
  std::string sku{};
  std::int32_t count{};
};

struct ItemInput {
  std::string sku{};
  /// Default: 1
  std::optional<std::int32_t> count{};
};

struct Mail {
  std::string id{};
  std::string to{};
  std::string subject{};
  std::string text{};
};

struct Order {
  std::string id{};
  std::string customer{};
  std::string email{};
  std::vector<Item> items{};
  Status status{};
  std::string placedAt{};
};

struct NewOrder {
  std::string customer{};
  std::string email{};
  std::vector<ItemInput> items{};
};

struct OrderPage {
  std::vector<Order> orders{};
  std::optional<std::string> next{};
};

inline void from_json(const waggle::json& in, Item& out);
inline void to_json(waggle::json& out, const ItemInput& v);
inline void from_json(const waggle::json& in, Mail& out);
inline void from_json(const waggle::json& in, Order& out);
inline void to_json(waggle::json& out, const NewOrder& v);
inline void from_json(const waggle::json& in, OrderPage& out);

inline void from_json(const waggle::json& in, Item& out) {
  from_json(in["sku"], out.sku);
  from_json(in["count"], out.count);
}

inline void to_json(waggle::json& out, const ItemInput& v) {
  waggle::object members;
  waggle::add(members, "sku", v.sku);
  waggle::add(members, "count", v.count);
  out = std::move(members);
}

inline void from_json(const waggle::json& in, Mail& out) {
  from_json(in["id"], out.id);
  from_json(in["to"], out.to);
  from_json(in["subject"], out.subject);
  from_json(in["text"], out.text);
}

inline void from_json(const waggle::json& in, Order& out) {
  from_json(in["id"], out.id);
  from_json(in["customer"], out.customer);
  from_json(in["email"], out.email);
  from_json(in["items"], out.items);
  from_json(in["status"], out.status);
  from_json(in["placedAt"], out.placedAt);
}

inline void to_json(waggle::json& out, const NewOrder& v) {
  waggle::object members;
  waggle::add(members, "customer", v.customer);
  waggle::add(members, "email", v.email);
  waggle::add(members, "items", v.items);
  out = std::move(members);
}

inline void from_json(const waggle::json& in, OrderPage& out) {
  from_json(in["orders"], out.orders);
  from_json(in["next"], out.next);
}

/// `failed_precondition` where it is cancelled already.
inline waggle::answer<Order> cancel(const std::string& id) {
  waggle::object in;
  waggle::add(in, "id", id);
  return waggle::answer<Order>(waggle::call(service_name, "cancel", std::move(in)));
}

/// `not_found` where there is none.
inline waggle::answer<Order> get(const std::string& id) {
  waggle::object in;
  waggle::add(in, "id", id);
  return waggle::answer<Order>(waggle::call(service_name, "get", std::move(in)));
}

/// What `list` may be given beside what it must.
struct list_options {
  std::optional<std::string> after{};
  /// Default: 20
  std::optional<std::int32_t> first{};
};

/// A customer's orders, oldest first. `next` is the cursor for `after`, null at the end.
inline waggle::answer<OrderPage> list(const std::string& customer, const list_options& options = {}) {
  waggle::object in;
  waggle::add(in, "customer", customer);
  waggle::add(in, "after", options.after);
  waggle::add(in, "first", options.first);
  return waggle::answer<OrderPage>(waggle::call(service_name, "list", std::move(in)));
}

/// What `outbox` may be given beside what it must.
struct outbox_options {
  /// Default: 20
  std::optional<std::int32_t> first{};
};

/// Mail that is to be sent, oldest first.
inline waggle::answer<std::vector<Mail>> outbox(const outbox_options& options = {}) {
  waggle::object in;
  waggle::add(in, "first", options.first);
  return waggle::answer<std::vector<Mail>>(waggle::call(service_name, "outbox", std::move(in)));
}

/// With an `Idempotency-Key`, doing it again places no second order. `resource_exhausted` where the customer orders too often.
inline waggle::answer<Order> place(const NewOrder& order) {
  waggle::object in;
  waggle::add(in, "order", order);
  return waggle::answer<Order>(waggle::call(service_name, "place", std::move(in)));
}

/// This mail was sent and leaves the outbox. Doing it again does no harm.
inline waggle::answer<bool> sent(const std::vector<std::string>& ids) {
  waggle::object in;
  waggle::add(in, "ids", ids);
  return waggle::answer<bool>(waggle::call(service_name, "sent", std::move(in)));
}

}  // namespace orders
}  // namespace v1
}  // namespace shop
