package issuance_test

import (
	"bytes"
	"context"
	"maps"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// buckets sort the processor's time by package. The innermost function of a sample that belongs to one
// decides; those of the runtime belong to whoever called them. What the collector does on its own goroutines is
// divided by who allocated what. What no package of the list called is the rest: the scheduler.
var buckets = []struct {
	name     string
	packages []string
}{
	{"cryptography", []string{"crypto/", "vendor/golang.org/x/crypto", "golang.org/x/crypto", "filippo.io/", "math/big.",
		"hash/", "padarozhnik/station/pki", "padarozhnik/station/token", "padarozhnik/station/journal/seal"}},
	{"database", []string{"database/sql", "github.com/mattn/go-sqlite3", "padarozhnik/station/sqlite",
		"padarozhnik/station/journal", "github.com/fxamacker/cbor", "github.com/veraison/go-cose"}},
	{"rendering", []string{"padarozhnik/printing", "image", "golang.org/x/image", "compress/",
		"github.com/makiuchi-d/gozxing", "github.com/go-text", "padarozhnik/station/portrait"}},
	{"protocol", []string{"padarozhnik/devices/", "padarozhnik/station/lds", "github.com/OpenPrinting/goipp", "net.", "net/",
		"encoding/", "bufio.", "io.", "internal/poll", "mime"}},
}

// virtual is where the samples of the simulated devices go, which no office has.
const virtual, collector, rest = "virtual devices", "collector", "rest"

// collecting are the goroutines of the runtime that mark, sweep and give memory back.
var collecting = []string{"runtime.gcBgMarkWorker", "runtime.bgsweep", "runtime.bgscavenge"}

// bucketOf sorts one sample.
func bucketOf(s *profile.Sample) string {
	if len(s.Label["device"]) > 0 {
		return virtual
	}
	if len(s.Location) == 0 { // the kernel's timer came where no stack could be read
		return rest
	}
	found := ""
	for _, at := range s.Location {
		for _, line := range at.Line {
			name := line.Function.Name
			if strings.HasPrefix(name, "padarozhnik/devices/virtual") || strings.Contains(name, "issuance_test.(*table)") {
				return virtual
			}
			for _, b := range buckets {
				if found == "" && slices.ContainsFunc(b.packages, func(p string) bool { return strings.HasPrefix(name, p) }) {
					found = b.name
				}
			}
		}
	}
	if found != "" {
		return found
	}
	last := s.Location[len(s.Location)-1].Line
	if slices.Contains(collecting, last[len(last)-1].Function.Name) {
		return collector
	}
	return rest
}

// shares reads a profile: the processor's time of each bucket. The collector's is divided: what it did for the
// simulated devices, which make most of the garbage of this process, is theirs.
func shares(b *testing.B, raw []byte, garbage map[string]float64) map[string]time.Duration {
	b.Helper()
	p := must(profile.ParseData(raw))(b)
	out := map[string]time.Duration{}
	for _, s := range p.Sample {
		out[bucketOf(s)] += time.Duration(s.Value[1])
	}
	all := 0.0
	for _, bytes := range garbage {
		all += bytes
	}
	b.ReportMetric(100*garbage[virtual]/all, "virtual-of-garbage-%")
	theirs := time.Duration(float64(out[collector]) * garbage[virtual] / all)
	out[virtual], out[collector] = out[virtual]+theirs, out[collector]-theirs
	return out
}

// allocated is how many bytes each bucket has allocated until now, by the runtime's own samples.
func allocated(b *testing.B) map[string]float64 {
	b.Helper()
	runtime.GC() // a cycle of the collector publishes what was allocated before it
	var raw bytes.Buffer
	if err := pprof.Lookup("allocs").WriteTo(&raw, 0); err != nil {
		b.Fatal(err)
	}
	out := map[string]float64{}
	for _, s := range must(profile.Parse(&raw))(b).Sample {
		out[bucketOf(s)] += float64(s.Value[1])
	}
	return out
}

// since is what was allocated between two readings.
func since(before, now map[string]float64) map[string]float64 {
	for name, bytes := range before {
		now[name] -= bytes
	}
	return now
}

// gauge reads one of the runtime's own metrics.
func gauge(name string) uint64 {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// atWork watches how many cores have something to do, until it is stopped: what runs, and what could run if
// there was a core. Another process on the machine makes no difference to it.
func atWork() (stop func() float64) {
	end, mean := make(chan struct{}), make(chan float64)
	watch := func() {
		sum, n := 0.0, 0.0
		for tick := time.NewTicker(10 * time.Millisecond); ; {
			select {
			case <-end:
				tick.Stop()
				mean <- sum / max(1, n)
				return
			case <-tick.C:
			}
			busy := gauge("/sched/goroutines/running:goroutines") + gauge("/sched/goroutines/runnable:goroutines") - 1
			sum, n = sum+float64(min(busy, gauge("/sched/gomaxprocs:threads"))), n+1
		}
	}
	asDevice(func() { go watch() })
	return func() float64 {
		close(end)
		return <-mean
	}
}

// peaks keeps the highest live heap of every quarter of the run, in bytes.
type peaks struct {
	each    int // booklets
	printed int
	of      []uint64
}

func (p *peaks) hear(e issuance.RunEvent) {
	if quarter := p.printed / p.each; quarter >= len(p.of) {
		p.of = append(p.of, 0)
	}
	last := &p.of[len(p.of)-1]
	*last = max(*last, gauge("/gc/heap/live:bytes"))
	if e.Kind == issuance.RunSteps && e.State == station.StatePrinted {
		p.printed++
	}
}

// asDevice labels what the simulated devices do on goroutines of their own.
func asDevice(do func()) {
	pprof.Do(context.Background(), pprof.Labels("device", "virtual"), func(context.Context) { do() })
}

// BenchmarkBatch200 makes 200 booklets on virtual devices that take no time of their own: the reader is in
// this process, scanner and printer behind HTTP. It says how much processor time one booklet takes and for
// what, how many cores worked at a time, and the peak of the heap in the last quarter against the first.
func BenchmarkBatch200(b *testing.B) {
	n := 200
	if testing.Short() {
		n = 12
	}
	for range b.N {
		b.StopTimer()
		var o *office
		asDevice(func() { o = newOffice(b, n) })
		o.charter.Profile.MaxOpenCases = n
		d := o.desk(nil)
		o.batch(d, n)
		d.Hand, d.Printer = o.inSlot(), o.quickPrinter()
		must(d.BeginRun(b.Context(), o.seat(d, "O"), o.sheet(d)))(b)
		var raw bytes.Buffer
		heights := peaks{each: max(1, n/4)}
		drawn.Clear() // of the maker's, whose pages lie on the desk now
		before := allocated(b)
		base := gauge("/gc/heap/live:bytes")
		if err := pprof.StartCPUProfile(&raw); err != nil {
			b.Fatal(err)
		}
		cores := atWork()
		b.StartTimer()
		s, err := d.CarryOutRun(b.Context(), o.seat(d, "O"), heights.hear)
		b.StopTimer()
		b.ReportMetric(cores(), "cores-with-work")
		pprof.StopCPUProfile()
		if err != nil || s.Tally[station.StandingPrinted] != n {
			b.Fatalf("%v: %v", s.Tally, err)
		}
		tell(b, shares(b, raw.Bytes(), since(before, allocated(b))), n)
		b.ReportMetric(float64(heights.of[3])/float64(heights.of[0]), "heap-last/first")
		b.Logf("live heap before: %d MiB; its peak in each quarter: %v", base>>20, inMiB(heights.of[:4]))
	}
}

func inMiB(sizes []uint64) []uint64 {
	out := make([]uint64, len(sizes))
	for i, s := range sizes {
		out[i] = s >> 20
	}
	return out
}

// tell reports the shares of the station's own time, and how much a booklet takes.
func tell(b *testing.B, took map[string]time.Duration, n int) {
	own := time.Duration(0)
	for name, t := range took {
		if name != virtual {
			own += t
		}
	}
	ms := func(t time.Duration) float64 { return t.Seconds() * 1000 / float64(n) }
	for _, name := range slices.Sorted(maps.Keys(took)) {
		if name != virtual {
			b.ReportMetric(100*took[name].Seconds()/own.Seconds(), name+"-%")
		}
	}
	b.ReportMetric(ms(own), "cpu-ms/booklet")
	b.ReportMetric(ms(took[virtual]), "virtual-ms/booklet")
}
