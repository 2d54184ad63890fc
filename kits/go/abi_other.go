//go:build !wasip1

package waggle

import (
	"encoding/json"
	"fmt"
	"os"
	"unsafe"
)

// FakeCalls answers what the program calls outside of waggle, as in a service's own `go test`: the answer's JSON, or an
// error. There, the log goes to stderr.
var FakeCalls = func(service, method string, input []byte) ([]byte, *Error) {
	return nil, Errorf("unavailable", "%s cannot be called outside of waggle; set waggle.FakeCalls", service)
}

// FakeContext is what Context says outside of waggle.
var FakeContext RequestContext

func hostLog(level int32, text *byte, size uint32) {
	fmt.Fprintf(os.Stderr, "%d %s\n", level, unsafe.Slice(text, size))
}

func hostContext(out *byte, capacity uint32) uint32 {
	text, _ := encode(FakeContext)
	copy(unsafe.Slice(out, capacity), text)
	return uint32(len(text))
}

var lastAnswer []byte

func hostCall(service *byte, serviceSize uint32, method *byte, methodSize uint32, input *byte, inputSize uint32, out *byte, capacity uint32) uint64 {
	var failure *Error
	lastAnswer, failure = FakeCalls(unsafe.String(service, serviceSize), unsafe.String(method, methodSize), unsafe.Slice(input, inputSize))
	var status uint64
	if failure != nil {
		status = 2
		lastAnswer, _ = json.Marshal(failure)
	}
	hostRest(out, capacity)
	return status<<32 | uint64(len(lastAnswer))
}

func hostRest(out *byte, capacity uint32) uint32 {
	return uint32(copy(unsafe.Slice(out, capacity), lastAnswer))
}
