// Package linearizability records what clients of a node see and lets porcupine find an order that explains it.
//
// A request without an answer, because the node was killed, may have been applied or not; if it was, then before the node was
// gone: so it returns when the kill is over, and its step leads to two states.
package linearizability

import (
	"github.com/anishathalye/porcupine"
)

// unanswered is the output of a request that may have been applied.
type unanswered struct{}

// A register: reads, writes, and compare-and-set.
type registerInput struct {
	method   string // read, write, cas
	from, to int64
}

// registerOutput is the value of a read, or whether a cas found `from`.
type registerOutput struct {
	value int64
	done  bool
}

var register = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{int64(0)} },
	Step: func(state, input, output any) []any {
		value, in := state.(int64), input.(registerInput)
		after := value
		if in.method == "write" || in.method == "cas" && in.from == value {
			after = in.to
		}
		out, known := output.(registerOutput)
		switch {
		case !known:
			return both(state, after)
		case in.method == "read" && out.value != value, in.method == "cas" && out.done != (in.from == value):
			return nil
		}
		return []any{after}
	},
}).ToModel()

func both(before, after any) []any {
	if before == after {
		return []any{before}
	}
	return []any{before, after}
}

// Cells that hold numbers, used by transactions of several steps.
const cellNames = "abcd"

const absent = int64(-1 << 62)

type cells [len(cellNames)]int64

type step struct {
	what byte // g get, p put of the transaction's value, i increment by 1, l list all
	cell int
}

type transactionInput struct {
	steps []step
	value int64
}

// seen is what one step gave: a get's value or `absent`, an increment's new value, all cells of a list.
type seen struct {
	value int64
	all   cells
}

// apply returns the cells after the transaction, and whether it could have seen that. nil is whatever it saw.
func (t transactionInput) apply(c cells, saw []seen) (cells, bool) {
	for i, s := range t.steps {
		switch s.what {
		case 'p':
			c[s.cell] = t.value
		case 'i':
			if c[s.cell] == absent {
				c[s.cell] = 0
			}
			c[s.cell]++
		}
		if saw == nil {
			continue
		}
		if s.what == 'l' && saw[i].all != c || (s.what == 'g' || s.what == 'i') && saw[i].value != c[s.cell] {
			return c, false
		}
	}
	return c, true
}

var transactions = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{cells{absent, absent, absent, absent}} },
	Step: func(state, input, output any) []any {
		saw, _ := output.([]seen) // nil for unanswered
		after, fits := input.(transactionInput).apply(state.(cells), saw)
		if _, lost := output.(unanswered); lost {
			return both(state, after)
		}
		if !fits {
			return nil
		}
		return []any{after}
	},
}).ToModel()
