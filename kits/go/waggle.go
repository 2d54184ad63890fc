// Package waggle makes a Go program a waggle service: register a function for each method of the contract, build with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared
//
// and no pointer is ever seen. Between requests nothing runs: a goroutine that outlives its request stands still.
package waggle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Error is a failure with one of waggle's sixteen codes ("not_found", "invalid_argument", …). Any other error that a
// handler returns reaches the caller as "unknown".
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Details any    `json:"details,omitempty"`
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes an Error.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

var handlers = map[string]func(input []byte) (any, error){}

// Handle registers the handler of a method; call it from init or from a package-level variable. The input has been
// validated against the contract before it arrives; what does not fit In nevertheless is the service's own mistake.
func Handle[In, Out any](method string, handler func(In) (Out, error)) {
	if _, twice := handlers[method]; twice {
		panic("waggle: two handlers for method " + method)
	}
	handlers[method] = func(input []byte) (any, error) {
		var in In
		if err := json.Unmarshal(input, &in); err != nil {
			return nil, Errorf("internal", "method %s: its Go type does not fit its contract: %v", method, err)
		}
		return handler(in)
	}
}

// Level of a line in the log.
type Level int32

const (
	LevelTrace Level = iota
	LevelDebug
	LevelInfo
	LevelWarn
	LevelError
)

// Log writes a line to the service's log.
func Log(level Level, format string, args ...any) {
	if text := fmt.Appendf(nil, format, args...); len(text) > 0 {
		hostLog(int32(level), &text[0], uint32(len(text)))
	}
}

// RequestContext is what the host says about the request that is being handled.
type RequestContext struct {
	ID          json.RawMessage   `json:"id"`
	Service     string            `json:"service"`
	Method      string            `json:"method"`
	Caller      json.RawMessage   `json:"caller"`
	Path        []string          `json:"path"`
	RemainingMs *int64            `json:"remainingMs"`
	Traceparent string            `json:"traceparent"`
	Metadata    map[string]string `json:"metadata"`
	// Cursor is where the stream of a subscription goes on, as an earlier answer said it; "" at its beginning. It may come
	// from a client that resumes, so it may be any text.
	Cursor string `json:"cursor"`
}

// Context of the request that is being handled.
func Context() (RequestContext, error) {
	buffer := make([]byte, 1024)
	for {
		size := int(hostContext(&buffer[0], uint32(len(buffer))))
		if size <= len(buffer) {
			var c RequestContext
			return c, json.Unmarshal(buffer[:size], &c)
		}
		buffer = make([]byte, size)
	}
}

// Stream is what the handler of a subscription returns: the next items, and where the stream goes on behind them. The node
// asks again, with this cursor, when the items have been taken.
type Stream[T any] struct {
	Items   List[T] `json:"items"`
	Cursor  string  `json:"cursor,omitempty"`  // at most 4,096 bytes; "": as it was
	AfterMs int     `json:"afterMs,omitempty"` // at most an hour; 0: at once after items, 1 s where there were none
	Done    bool    `json:"done,omitempty"`    // nothing comes after these items
}

// answer is the whole way of a request except for the memory: answer bytes, and whether they are an error.
func answer(method string, input []byte) (out []byte, failed bool) {
	handler, known := handlers[method]
	var value any
	var err error
	if known {
		value, err = handler(input)
	} else {
		err = Errorf("unimplemented", "the service has no handler for method %s", method)
	}
	if err == nil {
		if out, err = encode(value); err == nil {
			return out, false
		}
		err = Errorf("internal", "method %s: its answer cannot be written as JSON: %v", method, err)
	}
	var own *Error
	if !errors.As(err, &own) {
		own = &Error{Code: "unknown", Message: err.Error()}
	}
	if out, err = encode(map[string]any{"error": own}); err != nil {
		out, _ = encode(map[string]any{"error": Errorf(own.Code, "%s", own.Message)}) // without details that JSON has no form for
	}
	return out, true
}

func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // the answer is no HTML
	err := e.Encode(value)
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), err
}
