//go:build !wasip1

package waggle

import (
	"fmt"
	"os"
	"unsafe"
)

// Outside of waggle, as in a service's own `go test`, the log goes to stderr and the context is empty.
func hostLog(level int32, text *byte, size uint32) {
	fmt.Fprintf(os.Stderr, "%d %s\n", level, unsafe.Slice(text, size))
}

func hostContext(out *byte, capacity uint32) uint32 {
	return uint32(copy(unsafe.Slice(out, capacity), "{}"))
}
