package waggle

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

func init() {
	type in struct{ Name string }
	Handle("greet", func(i in) (map[string]string, error) { return map[string]string{"text": "<" + i.Name + ">"}, nil })
	Handle("nothing", func(any) (any, error) { return nil, nil })
	Handle("own", func(any) (any, error) { return nil, fmt.Errorf("wrapped: %w", Errorf("not_found", "no %s", "luck")) })
	Handle("details", func(any) (any, error) { return nil, &Error{"aborted", "late", []int{1}} })
	Handle("foreign", func(any) (any, error) { return nil, errors.New("disk") })
	Handle("nan", func(any) (any, error) { return math.NaN(), nil })
	Handle("nanDetails", func(any) (any, error) { return nil, &Error{"aborted", "late", math.NaN()} })
}

func TestAnswer(t *testing.T) {
	for _, c := range []struct {
		method, input, want string
		failed              bool
	}{
		{"greet", `{"name":"Ada"}`, `{"text":"<Ada>"}`, false},
		{"nothing", `{}`, `null`, false},
		{"own", `{}`, `{"error":{"code":"not_found","message":"no luck"}}`, true},
		{"details", `{}`, `{"error":{"code":"aborted","message":"late","details":[1]}}`, true},
		{"foreign", `{}`, `{"error":{"code":"unknown","message":"disk"}}`, true},
		{"nan", `{}`, `{"error":{"code":"internal","message":"method nan: its answer cannot be written as JSON: json: unsupported value: NaN"}}`, true},
		{"nanDetails", `{}`, `{"error":{"code":"aborted","message":"late"}}`, true},
		{"greet", `[]`, `{"error":{"code":"internal","message":"method greet: its Go type does not fit its contract: json: cannot unmarshal array into Go value of type waggle.in"}}`, true},
		{"absent", `{}`, `{"error":{"code":"unimplemented","message":"the service has no handler for method absent"}}`, true},
	} {
		out, failed := answer(c.method, []byte(c.input))
		if string(out) != c.want || failed != c.failed {
			t.Errorf("%s(%s) = %s, %v; want %s, %v", c.method, c.input, out, failed, c.want, c.failed)
		}
	}
}

func TestASecondHandlerOfAMethodPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Handle("greet", func(any) (any, error) { return nil, nil })
}

func TestAStreamSaysWhatItsAnswerHas(t *testing.T) {
	for want, s := range map[string]Stream[int]{
		`{"items":[]}`: {},
		`{"items":[1,2],"cursor":"2","afterMs":500,"done":true}`: {Items: []int{1, 2}, Cursor: "2", AfterMs: 500, Done: true},
	} {
		if got, err := encode(s); err != nil || string(got) != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
}

func TestAHandlerIsToldWhereItsStreamGoesOn(t *testing.T) {
	defer func() { FakeContext = RequestContext{} }()
	for _, cursor := range []string{"", "7", strings.Repeat("x", 4096)} {
		FakeContext.Cursor = cursor
		if c, err := Context(); err != nil || c.Cursor != cursor {
			t.Errorf("%q: %v %v", cursor, c, err)
		}
	}
}

func TestContextOutsideOfWaggleIsEmpty(t *testing.T) {
	if c, err := Context(); err != nil || c.Service != "" {
		t.Errorf("%v %v", c, err)
	}
}
