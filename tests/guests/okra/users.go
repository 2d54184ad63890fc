// A service as okra builds them: a Go reactor that writes the guest ABI out by hand. Methods are bare: the payload is
// the argument itself. No kit, no import but WASI.
package main

import (
	"encoding/json"
	"os"
	"strconv"
	"time"
	"unsafe"
)

type user struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Email     *string   `json:"email,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
}

var (
	buffers = map[uintptr][]byte{} // keeps what the host holds from the garbage collector
	users   []user
)

//go:wasmexport allocate
func allocate(size uint32) uintptr {
	buffer := make([]byte, size)
	at := uintptr(unsafe.Pointer(&buffer[0]))
	buffers[at] = buffer
	return at
}

//go:wasmexport deallocate
func deallocate(at uintptr) { delete(buffers, at) }

//go:wasmexport handle_request
func handleRequest(method uintptr, methodSize uint32, input uintptr, inputSize uint32) uint64 {
	value, code := call(string(buffers[method][:methodSize]), buffers[input][:inputSize])
	failed := uint64(0)
	if code != "" {
		value = map[string]any{"error": map[string]any{"code": code, "message": value}}
		failed = 1 << 63
	}
	out, err := json.Marshal(value)
	if err != nil {
		return 0
	}
	at := allocate(uint32(len(out)))
	copy(buffers[at], out)
	return failed | uint64(at)<<32 | uint64(len(out))
}

func call(method string, input []byte) (value any, code string) {
	var in struct {
		ID, Name string
		Email    *string
		Ms       int
	}
	if err := json.Unmarshal(input, &in); err != nil {
		return err.Error(), "invalid_argument"
	}
	switch method {
	case "createUser":
		users = append(users, user{strconv.Itoa(len(users) + 1), in.Name, in.Email, time.Now().UTC()})
		return map[string]any{"user": users[len(users)-1]}, ""
	case "getUser":
		for _, u := range users {
			if u.ID == in.ID {
				return map[string]any{"user": u}, ""
			}
		}
		return "no user " + in.ID, "not_found"
	case "nap": // a goroutine waits, so Go's scheduler sleeps in poll_oneoff
		woken := make(chan bool)
		go func() {
			time.Sleep(time.Duration(in.Ms) * time.Millisecond)
			woken <- true
		}()
		return map[string]any{"woken": <-woken}, ""
	case "crash":
		os.Stderr.WriteString("about to crash\n")
		panic("on request")
	}
	return "no method " + method, "unimplemented"
}

func main() {}
