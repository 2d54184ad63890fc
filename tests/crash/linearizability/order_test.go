package linearizability

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	clients = 6
	rounds  = 8
	round   = 250 * time.Millisecond
)

// A history under way. Clients add to it from threads of their own.
type history struct {
	mutex      sync.Mutex
	began      time.Time
	operations []porcupine.Operation
	lost       []int // those that end with the node
	refusals   map[string]int
}

func (h *history) now() int64 { return int64(time.Since(h.began)) }

// add notes what became of a request; false when the node is gone.
func (h *history) add(client int, input any, call int64, output any, became outcome, err error) bool {
	now := h.now()
	h.mutex.Lock()
	defer h.mutex.Unlock()
	switch became {
	case refused:
		h.refusals[err.Error()]++
	case unknown:
		h.lost = append(h.lost, len(h.operations))
		output = unanswered{}
		fallthrough
	default:
		h.operations = append(h.operations, porcupine.Operation{ClientId: client, Input: input, Call: call, Output: output, Return: now})
	}
	return became != unknown
}

// nodeIsGone ends the requests that were lost with it.
func (h *history) nodeIsGone() int {
	for _, i := range h.lost {
		h.operations[i].Return = h.now()
	}
	n := len(h.lost)
	h.lost = nil
	return n
}

// record lets clients work on one node after another; `work` sends one request and says whether the node is still there.
func record(t *testing.T, work func(h *history, c *client, number int, r *rand.Rand) bool) *history {
	d := newDisk(t)
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	h := &history{began: time.Now(), refusals: map[string]int{}}
	lost := 0
	for i := range rounds {
		n := d.start()
		var all sync.WaitGroup
		for number := range clients {
			all.Add(1)
			go func() {
				defer all.Done()
				c, r := newClient(n), rand.New(rand.NewSource(seed+int64(i*clients+number)))
				for work(h, c, number, r) {
				}
			}()
		}
		time.Sleep(round)
		n.kill()
		all.Wait()
		lost += h.nodeIsGone()
	}
	t.Logf("%d requests, %d of them without an answer, %d refused: %v", len(h.operations), lost, sum(h.refusals), h.refusals)
	if len(h.operations) < 100 || lost == 0 || sum(h.refusals) > len(h.operations)/10 {
		t.Fatal("that is too little to test anything")
	}
	return h
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

func check(t *testing.T, model porcupine.Model, h *history) {
	found, how := porcupine.CheckOperationsVerbose(model, h.operations, time.Minute)
	if found == porcupine.Ok {
		return
	}
	file := filepath.Join(os.TempDir(), "waggle-history-"+strings.ToLower(t.Name())+".html")
	if err := porcupine.VisualizePath(model, how, file); err != nil {
		t.Log(err)
	}
	t.Errorf("no order explains what the clients saw (%v): see %s", found, file)
}

func TestSingletonIsLinearizableThroughKills(t *testing.T) {
	var next sync.Mutex
	written := int64(0)
	seen := [clients]int64{}
	h := record(t, func(h *history, c *client, number int, r *rand.Rand) bool {
		in := registerInput{method: "read"}
		if kind := r.Intn(4); kind >= 2 {
			next.Lock()
			written++
			in.to = written
			next.Unlock()
			in.method = "write"
			if kind == 3 {
				in.method, in.from = "cas", seen[number]
			}
		}
		call := h.now()
		var out registerOutput
		var became outcome
		var err error
		if in.method == "read" {
			became, err = c.ask("/crash.Register/read", map[string]any{}, &out.value)
			if became == answered {
				seen[number] = out.value
			}
		} else {
			became, err = c.ask("/crash.Register/"+in.method, in.payload(), &out.done)
		}
		return h.add(number, in, call, out, became, err)
	})
	check(t, register, h)
}

func (in registerInput) payload() map[string]any {
	if in.method == "cas" {
		return map[string]any{"from": in.from, "to": in.to}
	}
	return map[string]any{"to": in.to}
}

func TestRequestsOfAPoolAreSerializableThroughKills(t *testing.T) {
	var next sync.Mutex
	written := int64(0)
	h := record(t, func(h *history, c *client, number int, r *rand.Rand) bool {
		next.Lock()
		written += 1000 // increments do not make them equal
		in := transactionInput{value: written}
		next.Unlock()
		for range 1 + r.Intn(4) {
			in.steps = append(in.steps, step{"gpil"[r.Intn(4)], r.Intn(len(cellNames))})
		}
		call := h.now()
		var raw []json.RawMessage
		became, err := c.ask("/crash.Bank/steps", map[string]any{"steps": in.text(), "value": in.value}, &raw)
		var saw []seen
		if became == answered {
			if saw, err = in.read(raw); err != nil {
				t.Error(err)
				return false
			}
		}
		return h.add(number, in, call, saw, became, err)
	})
	check(t, transactions, h)
}

func (t transactionInput) text() (all string) {
	for _, s := range t.steps {
		all += string(s.what) + string(cellNames[s.cell])
	}
	return all
}

// read makes of an answer what the model compares.
func (t transactionInput) read(raw []json.RawMessage) ([]seen, error) {
	type entry struct {
		Key   string
		Value int64
	}
	saw := make([]seen, len(t.steps))
	if len(raw) != len(saw) {
		return nil, fmt.Errorf("%d answers for %d steps", len(raw), len(saw))
	}
	for i, s := range t.steps {
		var err error
		switch s.what {
		case 'i':
			err = json.Unmarshal(raw[i], &saw[i].value)
		case 'g':
			var e *entry
			err = json.Unmarshal(raw[i], &e)
			saw[i].value = absent
			if e != nil {
				saw[i].value = e.Value
			}
		case 'l':
			var page struct{ Entries []entry }
			err = json.Unmarshal(raw[i], &page)
			saw[i].all = cells{absent, absent, absent, absent}
			for _, e := range page.Entries {
				saw[i].all[strings.Index(cellNames, strings.TrimPrefix(e.Key, "cell/"))] = e.Value
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", raw[i], err)
		}
	}
	return saw, nil
}
