package waggle

import (
	"bytes"
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
)

// Unmarshal is json.Unmarshal for answers: they may have a number where the contract says ID, and 1.0 or 1e3 where it says
// Int or Long.
func Unmarshal(data []byte, out any) error {
	err := json.Unmarshal(data, out)
	if err == nil {
		return nil
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // no digit is lost
	if d.Decode(&value) != nil {
		return err
	}
	exact, again := encode(tightened(value, reflect.TypeOf(out)))
	if again != nil {
		return err
	}
	return json.Unmarshal(exact, out)
}

// tightened has numbers in the form that the type wants.
func tightened(value any, as reflect.Type) any {
	for as.Kind() == reflect.Pointer {
		as = as.Elem()
	}
	if reflect.PointerTo(as).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return value
	}
	switch v := value.(type) {
	case json.Number:
		switch {
		case as == reflect.TypeFor[json.Number]():
		case as.Kind() == reflect.String:
			return v.String()
		case as.Kind() >= reflect.Int && as.Kind() <= reflect.Uint64:
			return whole(v)
		}
	case []any:
		if as.Kind() == reflect.Slice {
			for i := range v {
				v[i] = tightened(v[i], as.Elem())
			}
		}
	case map[string]any:
		if as.Kind() == reflect.Struct {
			for i := range as.NumField() {
				name, _, _ := strings.Cut(as.Field(i).Tag.Get("json"), ",")
				if member, there := v[name]; there {
					v[name] = tightened(member, as.Field(i).Type)
				}
			}
		}
	}
	return value
}

// whole is 1000 for 1e3; the number itself where it is no integer of 64 bits.
func whole(n json.Number) json.Number {
	if len(n) > 30 {
		return n
	}
	f, _, err := big.ParseFloat(n.String(), 10, 128, big.ToNearestEven)
	if err != nil {
		return n
	}
	if i, accuracy := f.Int64(); accuracy == big.Exact {
		return json.Number(big.NewInt(i).String())
	}
	return n
}
