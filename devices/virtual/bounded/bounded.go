// Package bounded measures, for tests, what it costs to read bytes that a hostile device made.
package bounded

import (
	"runtime/metrics"
	"testing"
)

// slack is by how much the runtime may count too much: it counts small objects by the spans that they lie in, when it
// turns to another one.
const slack = 2 << 20

// Memory does some work and fails the test where it allocates more than base bytes and so many more for each
// byte of its input. What other goroutines allocate meanwhile is counted too, and what was freed again is not
// taken off: the ceiling is one on work as much as on memory.
func Memory(t testing.TB, input, base, each int, work func()) {
	t.Helper()
	before := allocated()
	work()
	if took := allocated() - before; took > uint64(slack+base+each*input) {
		t.Errorf("%d bytes were allocated for an input of %d; the ceiling is %d and %d for each", took, input, base, each)
	}
}

// allocated is how many bytes this process has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
