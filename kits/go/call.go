package waggle

import (
	"encoding/json"
	"unsafe"
)

// Call calls a method of another service, or of the host. The contract must ask for the service (@uses) and the operator
// must grant it. A failure is an *Error. Stubs (kits/README.md) say the same with types.
func Call[Out any](service, method string, in any) (Out, error) {
	var out Out
	input, err := encode(in)
	if err != nil {
		return out, Errorf("internal", "the payload of %s/%s cannot be written as JSON: %v", service, method, err)
	}
	answer, failed := call(service, method, input)
	if failed {
		failure := new(Error)
		if err := json.Unmarshal(answer, failure); err != nil {
			failure = Errorf("internal", "the error of %s/%s cannot be read: %v", service, method, err)
		}
		return out, failure
	}
	if err := Unmarshal(answer, &out); err != nil {
		return out, Errorf("internal", "the answer of %s/%s does not fit its Go type: %v", service, method, err)
	}
	return out, nil
}

func call(service, method string, input []byte) (answer []byte, failed bool) {
	answer = make([]byte, 1024)
	result := hostCall(unsafe.StringData(service), uint32(len(service)), unsafe.StringData(method), uint32(len(method)),
		unsafe.SliceData(input), uint32(len(input)), &answer[0], uint32(len(answer)))
	size := uint32(result)
	if int(size) > len(answer) { // it did not fit: once more from its first byte
		answer = make([]byte, size)
		hostRest(&answer[0], size)
	}
	return answer[:size], result>>32 != 0
}

// Only is the one that was given, or none. It is what stubs do with a method's options.
func Only[T any](options []T) (only T) {
	switch len(options) {
	case 0:
	case 1:
		only = options[0]
	default:
		panic("waggle: options are given once in a call")
	}
	return only
}

// Ptr points to a value: for what may be left out.
func Ptr[T any](value T) *T { return &value }

// List is a slice that is never null in JSON.
type List[T any] []T

// MarshalJSON writes nil as an empty list.
func (l List[T]) MarshalJSON() ([]byte, error) {
	if l == nil {
		l = List[T]{}
	}
	return encode([]T(l))
}
