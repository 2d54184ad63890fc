// The stubs of every.graphql, run on this machine: what goes out, and what is made of answers.
package stubs

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"stubs/every"
	"waggle"
	"waggle/config"
	"waggle/http"
	"waggle/log"
	"waggle/state"
)

var called, sent string

// answering has every call of a test answered with this.
func answering(t *testing.T, answer string) {
	before := waggle.FakeCalls
	t.Cleanup(func() { waggle.FakeCalls = before })
	waggle.FakeCalls = func(service, method string, input []byte) ([]byte, *waggle.Error) {
		called, sent = service+"/"+method, string(input)
		return []byte(answer), nil
	}
}

func same(t *testing.T, got, wanted any) {
	t.Helper()
	if !reflect.DeepEqual(got, wanted) {
		t.Errorf("%v\nwanted %v", got, wanted)
	}
}

func fine[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func TestWhatMustBeGivenGoesOutInOrder(t *testing.T) {
	answering(t, "null")
	every.Scalars(1, 0.5, `a"b<`, true, "7", 9007199254740993, "123456789012345678901234567890", "1.50", []byte{1, 2}, "2026-01-31T00:00:00Z", []any{1, nil}, every.MoodNull)
	same(t, called, "test.stubs.v1.Every/scalars")
	same(t, sent, `{"i":1,"f":0.5,"s":"a\"b<","b":true,"id":"7","l":9007199254740993,"big":123456789012345678901234567890,`+
		`"d":"1.50","bytes":"AQI=","at":"2026-01-31T00:00:00Z","j":[1,null],"m":"NULL"}`)
	every.Nothing()
	same(t, sent, `{}`)
}

func TestWhatWasNotGivenStaysAway(t *testing.T) {
	answering(t, "null")
	every.Options()
	same(t, sent, `{}`)
	every.Options(every.OptionsOptions{I: waggle.Ptr(0), B: waggle.Ptr(false), S: waggle.Ptr(""), J: map[string]any{}, E: []int{1}, G: []int{}, Bytes: []byte{}})
	same(t, sent, `{"i":0,"s":"","b":false,"bytes":"","j":{},"e":[1],"g":[]}`)
}

func TestNilListsThatMustBeThereAreEmpty(t *testing.T) {
	answering(t, "[]")
	every.Lists(nil, nil, nil, nil)
	same(t, sent, `{"b":[],"d":[],"g":[],"bytes":[]}`)
	every.Lists([]int{2}, [][]int{{3}, {}}, []any{nil}, [][]byte{{1}}, every.ListsOptions{A: []*int{waggle.Ptr(1), nil}, C: [][]*int{{nil}, nil}, I: []*every.Tree{{Name: "leaf"}, nil}})
	same(t, sent, `{"b":[2],"d":[[3],[]],"g":[null],"bytes":["AQ=="],"a":[1,null],"c":[[null],null],"i":[{"name":"leaf"},null]}`)
}

func TestTypesMayComeBackToThemselves(t *testing.T) {
	answering(t, `{"name":"a","children":[{"name":"b"}],"maybe":[null,{"name":"c"}],"up":{"name":"d","up":{"name":"e"}},"sure":[]}`)
	leaf := every.Tree{Name: "leaf"}
	tree, err := every.Bare([]every.Tree{{Name: "root", Children: []every.Tree{leaf, leaf}, Next: &leaf, Mood_: waggle.Ptr(every.MoodClass)}})
	same(t, err, nil)
	same(t, sent, `[{"name":"root","children":[{"name":"leaf"},{"name":"leaf"}],"next":{"name":"leaf"},"Mood":"class"}]`)
	same(t, []any{tree.Children[0].Name, tree.Maybe[0] == nil, tree.Maybe[1].Name, tree.Up.Up.Name, tree.Side == nil}, []any{"b", true, "c", "e", true})
	every.Pick(every.PickInput{ByTree: &leaf})
	same(t, sent, `{"one":{"byTree":{"name":"leaf"}}}`)
	every.Bare(nil)
	same(t, sent, `[]`)
	answering(t, `{"b":{"c":{"x":3}}}`)
	same(t, fine[*every.A](t)(every.Circle()).B.C.X, 3)
}

func TestBarePayloadsAreTheValue(t *testing.T) {
	answering(t, "null")
	every.BareMaybe(nil)
	same(t, sent, `null`)
	every.BareMaybe(waggle.Ptr(0))
	same(t, sent, `0`)
	every.BareBytes(nil)
	same(t, sent, `""`)
}

func TestAnswersAreReadAsLooselyAsTheHostLetsThemPass(t *testing.T) {
	answering(t, `{"ri":1e3,"rf":2,"rs":"x","rb":true,"rid":12,"rl":9007199254740993.0,"rbig":123456789012345678901234567890,`+
		`"rd":"1.50","rbytes":"AQI=","rat":"2026-01-31T00:00:00Z","rj":{"a":[1]},"rm":"newer","i":null,"id":34,"big":"5"}`)
	s := fine[*every.ScalarsOutput](t)(every.Options())
	same(t, []any{s.Ri, s.Rl, s.Rid, s.Rbig, string(s.Rbytes), string(s.Rj), s.Rf, s.Rm, s.I == nil, *s.ID, *s.Big, s.Dd == nil},
		[]any{1000, int64(9007199254740993), "12", json.Number("123456789012345678901234567890"), "\x01\x02", `{"a":[1]}`, 2.0, every.Mood("newer"), true, "34", json.Number("5"), true})
	answering(t, "null")
	same(t, fine[*every.ScalarsOutput](t)(every.Options()) == nil, true)
	answering(t, "1.0")
	same(t, fine[int64](t)(every.Long()), int64(1))
	answering(t, `"text"`)
	if _, err := every.Long(); !strings.Contains(fmt.Sprint(err), "the answer of test.stubs.v1.Every/long does not fit its Go type") {
		t.Error(err)
	}
}

func TestAnInterfaceIsReadByItsType(t *testing.T) {
	answering(t, `[{"__typename":"Dog","name":"Rex","barks":true,"best":{"name":"Tom","lives":7.0}},{"__typename":"raw","weight":2},{"__typename":"Ghost","fog":1}]`)
	pets := fine[[]every.Pet](t)(every.Pets())
	same(t, []any{pets[0].Dog.Barks, pets[0].Dog.Best.Lives, pets[0].Cat == nil, pets[1].Raw.Weight, pets[2].Typename, pets[2].Raw == nil},
		[]any{true, 7, true, 2.0, "Ghost", true})
	answering(t, `{"__typename":"Cat","name":"Tom","raw":5,"lives":7,"owner":{"__typename":"Dog","name":"Rex"}}`)
	named := fine[*every.NamedOutput](t)(every.Named())
	same(t, []any{named.Name, *named.Raw, named.Cat.Lives, named.Owner.Dog.Name}, []any{"Tom", 5, 7, "Rex"})
}

func TestFailuresAreErrorsWithACode(t *testing.T) {
	answering(t, "")
	waggle.FakeCalls = func(service, method string, input []byte) ([]byte, *waggle.Error) {
		return nil, &waggle.Error{Code: "not_found", Message: strings.Repeat("x", 5000), Details: map[string]any{"a": 1.0}}
	}
	entry, err := state.Get("k")
	var failure *waggle.Error
	if entry != nil || !errors.As(err, &failure) {
		t.Fatal(entry, err)
	}
	same(t, *failure, waggle.Error{Code: "not_found", Message: strings.Repeat("x", 5000), Details: map[string]any{"a": 1.0}})
}

func TestWithoutAFakeACallFails(t *testing.T) {
	_, err := state.Commit()
	same(t, strings.HasPrefix(fmt.Sprint(err), "unavailable: waggle.state.v1.State cannot be called outside of waggle"), true)
}

func TestTheHostsServicesReadWell(t *testing.T) {
	answering(t, `{"key":"k","value":{"n":1},"version":4}`)
	entry := fine[*state.Entry](t)(state.Get("k"))
	same(t, called+sent, `waggle.state.v1.State/get{"key":"k"}`)
	same(t, []any{string(entry.Value), entry.Version}, []any{`{"n":1}`, int64(4)})
	answering(t, "true")
	same(t, fine[bool](t)(state.Put("k", state.PutOptions{Value: map[string]int{"n": 2}, IfVersion: &entry.Version})), true)
	same(t, sent, `{"key":"k","value":{"n":2},"ifVersion":4}`)
	state.Write([]state.Op{{Delete: &state.DeleteInput{Key: "k"}}})
	same(t, sent, `{"ops":[{"delete":{"key":"k"}}]}`)
	log.Write("done", log.WriteOptions{Level: waggle.Ptr(log.LevelWarn)})
	same(t, called+sent, `waggle.log.v1.Log/write{"message":"done","level":"WARN"}`)
	answering(t, `{"status":204,"headers":[{"name":"a","value":"b"}],"url":"https://a/"}`)
	same(t, fine[http.Response](t)(http.Get("https://a/", http.GetOptions{Headers: []http.HeaderInput{{Name: "c", Value: "d"}}})).Headers[0].Value, "b")
	same(t, sent, `{"url":"https://a/","headers":[{"name":"c","value":"d"}]}`)
	answering(t, `"`+strings.Repeat("x", 5000)+`"`) // longer than the first buffer
	same(t, len(*fine[*string](t)(config.Secret("k"))), 5000)
}
