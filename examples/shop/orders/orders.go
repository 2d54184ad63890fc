// The shop's orders, on waggle's kit for Go; orders.graphql is the contract.
//
// State: order/ID the order, customer/CUSTOMER/ID an index, outbox/ID the mail that is to be sent. No two requests write the
// same key unless they are about the same order, so they never conflict. (A counter that numbers the orders would be such a key.)
package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"orders/limiter"
	"waggle"
	"waggle/state"
)

type item struct {
	Sku   string `json:"sku"`
	Count int    `json:"count"`
}

type newOrder struct {
	Customer, Email string
	Items           []item
}

type order struct {
	ID       string    `json:"id"`
	Customer string    `json:"customer"`
	Email    string    `json:"email"`
	Items    []item    `json:"items"`
	Status   string    `json:"status"`
	PlacedAt time.Time `json:"placedAt"`
}

type page struct {
	Orders []order `json:"orders"`
	Next   *string `json:"next"`
}

type mail struct {
	ID      string `json:"id"`
	To      string `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// newID sorts by time and belongs to nobody else.
func newID() string {
	var random [8]byte
	rand.Read(random[:])
	return fmt.Sprintf("%014x-%x", time.Now().UnixMicro(), random)
}

func put(key string, value any) state.Op {
	return state.Op{Put: &state.PutInput{Key: key, Value: value}}
}

// mailed is the operation that has the customer told of an order.
func mailed(o order, subject string) state.Op {
	m := mail{newID(), o.Email, subject, fmt.Sprintf("Order %s: %s.", o.ID, strings.ToLower(o.Status))}
	return put("outbox/"+m.ID, m)
}

func place(in struct{ Order newOrder }) (order, error) {
	customer := in.Order.Customer
	// First, because a call is no part of this request's transaction: what it did stays done. A repeat with the same
	// Idempotency-Key does not get here.
	turn, err := limiter.Take("orders/" + customer)
	if err != nil {
		return order{}, err // as it came, to our caller
	}
	if !turn.Allowed {
		failure := waggle.Errorf("resource_exhausted", "%s orders too often; again in %d ms", customer, turn.RetryAfterMs)
		failure.Details = turn
		return order{}, failure
	}
	o := order{newID(), customer, in.Order.Email, in.Order.Items, "PLACED", time.Now().UTC()}
	// All or nothing, and durable before the caller hears of it.
	_, err = state.Write([]state.Op{put("order/"+o.ID, o), put("customer/"+customer+"/"+o.ID, nil), mailed(o, "Your order")})
	return o, err
}

func get(id string) (order, error) {
	o, _, err := versioned(id)
	return o, err
}

// versioned is an order with the version of its state, which grows with each change.
func versioned(id string) (o order, version int64, err error) {
	entry, err := state.Get("order/" + id)
	if err != nil {
		return o, 0, err
	}
	if entry == nil {
		return o, 0, waggle.Errorf("not_found", "there is no order %s", id)
	}
	return o, entry.Version, json.Unmarshal(entry.Value, &o)
}

// watch is asked twice a second for each who watches, by whichever instance is free: what the watcher has seen is in the cursor.
// A cursor that comes from a client and is no number is as good as none.
func watch(id string) (waggle.Stream[order], error) {
	stream := waggle.Stream[order]{AfterMs: 500}
	context, err := waggle.Context()
	if err != nil {
		return stream, err
	}
	o, version, err := versioned(id)
	if err != nil {
		return stream, err
	}
	if seen, _ := strconv.ParseInt(context.Cursor, 10, 64); seen != version {
		stream.Items = []order{o}
		stream.Cursor = strconv.FormatInt(version, 10)
	}
	stream.Done = o.Status == "CANCELLED"
	return stream, nil
}

// cancel calls nothing but state, so the node runs it again by itself when another request changed the order meanwhile.
func cancel(id string) (order, error) {
	o, err := get(id)
	if err != nil {
		return o, err
	}
	if o.Status == "CANCELLED" {
		return o, waggle.Errorf("failed_precondition", "order %s is cancelled already", id)
	}
	o.Status = "CANCELLED"
	_, err = state.Write([]state.Op{put("order/"+id, o), mailed(o, "Your order is cancelled")})
	return o, err
}

func list(in struct {
	Customer string
	After    *string
	First    int
}) (page, error) {
	prefix := "customer/" + in.Customer + "/"
	options := state.ListOptions{Prefix: &prefix, First: &in.First}
	if in.After != nil {
		options.After = waggle.Ptr(prefix + *in.After)
	}
	found, err := state.List(options)
	if err != nil {
		return page{}, err
	}
	out := page{Orders: make([]order, len(found.Entries))} // an empty list, not null
	for i, entry := range found.Entries {
		if out.Orders[i], err = get(strings.TrimPrefix(entry.Key, prefix)); err != nil {
			return page{}, err
		}
	}
	if found.Next != nil {
		out.Next = waggle.Ptr(strings.TrimPrefix(*found.Next, prefix))
	}
	return out, nil
}

func outbox(first int) ([]mail, error) {
	found, err := state.List(state.ListOptions{Prefix: waggle.Ptr("outbox/"), First: &first})
	if err != nil {
		return nil, err
	}
	out := make([]mail, len(found.Entries))
	for i, entry := range found.Entries {
		if err := json.Unmarshal(entry.Value, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func sent(ids []string) (bool, error) {
	var gone []state.Op
	for _, id := range ids {
		gone = append(gone, state.Op{Delete: &state.DeleteInput{Key: "outbox/" + id}})
	}
	return state.Write(gone)
}

func init() {
	type one struct{ ID string }
	waggle.Handle("place", place)
	waggle.Handle("get", func(in one) (order, error) { return get(in.ID) })
	waggle.Handle("cancel", func(in one) (order, error) { return cancel(in.ID) })
	waggle.Handle("list", list)
	waggle.Handle("watch", func(in one) (waggle.Stream[order], error) { return watch(in.ID) })
	waggle.Handle("outbox", func(in struct{ First int }) ([]mail, error) { return outbox(in.First) })
	waggle.Handle("sent", func(in struct{ IDs []string }) (bool, error) { return sent(in.IDs) })
}

func main() {} // waggle calls the handlers
