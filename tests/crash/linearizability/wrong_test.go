package linearizability

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

func operation(client int, call, end int64, input, output any) porcupine.Operation {
	return porcupine.Operation{ClientId: client, Input: input, Call: call, Output: output, Return: end}
}

func write(to int64) registerInput { return registerInput{method: "write", to: to} }

var (
	read = registerInput{method: "read"}
	done = registerOutput{done: true}
)

func saw(value int64) registerOutput { return registerOutput{value: value} }

// What would be wrong of a node: the checker must say so, and not of the history beside it that differs in one thing.
func TestCheckerTellsRightFromWrong(t *testing.T) {
	put := transactionInput{[]step{{'p', 0}, {'p', 1}}, 5}
	get := transactionInput{steps: []step{{'g', 0}, {'g', 1}}}
	more := transactionInput{steps: []step{{'i', 0}}}
	for _, c := range []struct {
		name  string
		model porcupine.Model
		fine  bool
		all   []porcupine.Operation
	}{
		{"an acknowledged write is read", register, true, []porcupine.Operation{
			operation(0, 0, 10, write(1), done), operation(1, 20, 30, read, saw(1))}},
		{"an acknowledged write is lost", register, false, []porcupine.Operation{
			operation(0, 0, 10, write(1), done), operation(1, 20, 30, read, saw(0))}},
		{"a write without an answer is there", register, true, []porcupine.Operation{
			operation(0, 0, 10, write(1), unanswered{}), operation(1, 20, 30, read, saw(1)), operation(1, 40, 50, read, saw(1))}},
		{"a write without an answer is not there", register, true, []porcupine.Operation{
			operation(0, 0, 10, write(1), unanswered{}), operation(1, 20, 30, read, saw(0)), operation(1, 40, 50, read, saw(0))}},
		{"a write without an answer comes after the node is gone", register, false, []porcupine.Operation{
			operation(0, 0, 10, write(1), unanswered{}), operation(1, 20, 30, read, saw(0)), operation(1, 40, 50, read, saw(1))}},
		{"a value that was read is lost", register, false, []porcupine.Operation{
			operation(0, 0, 100, write(1), unanswered{}), operation(1, 20, 30, read, saw(1)), operation(1, 40, 50, read, saw(0))}},
		{"two that compare and set from one value", register, false, []porcupine.Operation{
			operation(0, 0, 100, registerInput{"cas", 0, 1}, done), operation(1, 0, 100, registerInput{"cas", 0, 2}, done)}},
		{"a transaction is seen whole", transactions, true, []porcupine.Operation{
			operation(0, 0, 10, put, make([]seen, 2)), operation(1, 5, 30, get, []seen{{value: 5}, {value: 5}})}},
		{"a transaction is seen half", transactions, false, []porcupine.Operation{
			operation(0, 0, 10, put, make([]seen, 2)), operation(1, 5, 30, get, []seen{{value: 5}, {value: absent}})}},
		{"a transaction without an answer is half there", transactions, false, []porcupine.Operation{
			operation(0, 0, 10, put, unanswered{}), operation(1, 20, 30, get, []seen{{value: 5}, {value: absent}})}},
		{"two increments give one value", transactions, false, []porcupine.Operation{
			operation(0, 0, 10, more, []seen{{value: 1}}), operation(1, 0, 10, more, []seen{{value: 1}})}},
	} {
		if porcupine.CheckOperations(c.model, c.all) != c.fine {
			t.Errorf("%s: the checker says %v", c.name, !c.fine)
		}
	}
}
