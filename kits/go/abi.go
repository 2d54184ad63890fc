//go:build wasip1

package waggle

import "unsafe"

// The memory that the host holds: buffers it was given for method and input, and answers it has not read yet. Being in
// this map keeps a buffer from the garbage collector, whose view does not reach to the host. Go's collector never moves.
var held = map[uint32][]byte{}

func hold(buffer []byte) uint32 {
	at := uint32(uintptr(unsafe.Pointer(&buffer[0])))
	held[at] = buffer
	return at
}

//go:wasmexport allocate
func allocate(size uint32) uint32 {
	if int32(size) <= 0 {
		return 0
	}
	return hold(make([]byte, size))
}

//go:wasmexport deallocate
func deallocate(at uint32) { delete(held, at) }

//go:wasmexport handle_request
func handleRequest(method, methodSize, input, inputSize uint32) uint64 {
	// A handler may keep its strings, so the method is copied; json.Unmarshal copies what it keeps of the input, except
	// for a json.Unmarshaler that breaks its contract.
	out, failed := answer(string(held[method][:methodSize]), held[input][:inputSize])
	result := uint64(hold(out))<<32 | uint64(len(out))
	if failed {
		result |= 1 << 63
	}
	return result
}

//go:wasmimport waggle log
func hostLog(level int32, text *byte, size uint32)

//go:wasmimport waggle context
func hostContext(out *byte, capacity uint32) uint32

//go:wasmimport waggle call
func hostCall(service *byte, serviceSize uint32, method *byte, methodSize uint32, input *byte, inputSize uint32, out *byte, capacity uint32) uint64

//go:wasmimport waggle rest
func hostRest(out *byte, capacity uint32) uint32
