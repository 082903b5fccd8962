package chip_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/pace"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
)

// airFloor is the shortest time in which bytes can be written to a chip and read back: nothing but
// those bytes, in frames of 256 of which 253 carry them, each answered by a block of three, with
// the silence that ISO/IEC 14443-3 demands between frames. It is derived here from the standard and
// shares no code with the model that counts.
func airFloor(bytes int, kbits float64) float64 {
	const fc = 13.56e6
	rate := fc / math.Round(fc/1000/kbits)
	blocks := float64(2*bytes) / 253
	return blocks * ((256+3)*9/rate + 2*2/rate + 2*1172/fc)
}

func rates() []int { return []int{106, 212, 424, 848} }

// TestAirFloor compares it with the table that the goal was set by: 30 KB with extended length.
func TestAirFloor(t *testing.T) {
	for rate, want := range map[float64]float64{106: 5.41, 212: 2.73, 424: 1.38, 848: 0.71} {
		if got := airFloor(30<<10, rate); math.Abs(got-want) > 0.01*want {
			t.Errorf("%g kbit/s: %.3f s, want %.2f", rate, got, want)
		}
	}
}

// thirties are books of about 30 KB: one as plain as the standard allows, and one with every mechanism.
func thirties(t testing.TB) []struct {
	name string
	book chiptest.Book
} {
	full := fullBook(t)
	full.Side = 186
	return []struct {
		name string
		book chiptest.Book
	}{{"generic mapping", chiptest.Book{Side: 186}}, {"every mechanism", full}}
}

// timed personalises a book on a chip whose time is counted.
func timed(t testing.TB, book chiptest.Book, rate int) (*virtual.Clock, devices.ChipProof, *bench, devices.ChipOrder) {
	t.Helper()
	air, err := virtual.NewAir(rate)
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	m, c := b.blank(t)
	o := b.country.Order(t, book, m.State())
	k := &virtual.Clock{Air: air}
	c.SetClock(k)
	proof, err := b.personalise(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return k, proof, b, o
}

// BenchmarkAir is writing, reading back, proving and locking a book of 30 KB on the model of the
// air, resets included, divided by the air's own limit for the same bytes. Flash is not in it.
func BenchmarkAir(b *testing.B) {
	for _, of := range thirties(b) {
		for _, rate := range rates() {
			b.Run(fmt.Sprintf("%s/%d", of.name, rate), func(b *testing.B) {
				var spent, floor, flash float64
				for b.Loop() {
					k, proof, _, _ := timed(b, of.book, rate)
					spent, flash = k.Spent.Seconds(), k.Flash.Seconds()
					floor = airFloor(proof.Bytes, float64(rate))
				}
				b.ReportMetric(spent/floor, "x-air-limit")
				b.ReportMetric(spent, "s-air")
				b.ReportMetric(floor, "s-limit")
				b.ReportMetric(flash, "s-flash")
			})
		}
	}
}

// apduSize is a command and its answer by what it does.
type apduSize struct {
	what           string
	command, reply int
}

// BenchmarkSequence counts the commands of a run against the shortest list that the chip allows; -v prints both.
func BenchmarkSequence(b *testing.B) {
	for _, of := range thirties(b) {
		b.Run(of.name, func(b *testing.B) {
			var got, want []apduSize
			for b.Loop() {
				_, _, bench, o := timed(b, of.book, 106)
				got, want = traced(b, bench.trace.String()), shortest(b, o)
			}
			if testing.Verbose() {
				b.Logf("sent:\n%sshortest that the chip allows:\n%s", listing(got), listing(want))
			}
			n, bytes := sum(got)
			leastN, leastBytes := sum(want)
			b.ReportMetric(n/leastN, "x-apdus")
			b.ReportMetric(bytes/leastBytes, "x-bytes")
			b.ReportMetric(n, "apdus")
		})
	}
}

func sum(list []apduSize) (n, bytes float64) {
	for _, a := range list {
		bytes += float64(a.command + a.reply)
	}
	return float64(len(list)), bytes
}

// listing puts equal neighbours into one line.
func listing(list []apduSize) string {
	var b strings.Builder
	for i := 0; i < len(list); {
		j, up, down := i, 0, 0
		for ; j < len(list) && list[j].what == list[i].what; j++ {
			up, down = up+list[j].command, down+list[j].reply
		}
		fmt.Fprintf(&b, "  %3d x %-26s %6d bytes out, %6d in\n", j-i, list[i].what, up, down)
		i = j
	}
	return b.String()
}

// traced reads the list from a trace: headers and lengths are all that stands there.
func traced(t testing.TB, trace string) []apduSize {
	t.Helper()
	var out []apduSize
	for line := range strings.Lines(trace) {
		var cla, ins, p1, p2 byte
		var lc, le, n int
		if _, err := fmt.Sscanf(line, "> %02X %02X %02X %02X Lc=%d Le=%d", &cla, &ins, &p1, &p2, &lc, &le); err == nil {
			c := apdu.Command{CLA: cla, INS: ins, Data: make([]byte, lc), Ne: le}
			b, err := c.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, apduSize{what: c.Name(), command: len(b)})
		} else if _, err := fmt.Sscanf(line, "< %d bytes", &n); err == nil {
			out[len(out)-1].reply = n + 2
		}
	}
	return out
}

// shortest is what cannot be left out to write, read back, prove and lock an order on the reference
// chip with its buffers of 4096 bytes. Sizes are counted from the standards.
func shortest(t testing.TB, o devices.ChipOrder) []apduSize {
	t.Helper()
	var l list
	l.add("READ BINARY", 5, 5+2+11) // EF.ATR/INFO by its short identifier
	l.add("SELECT", 13, 2+9+3+2)    // with the stage of life
	l.add("GET DATA", 5, 3+42+2)
	l.add("GET DATA", 5, 3+3+6+2)
	l.channel()
	l.stores(o)
	for _, f := range o.Files {
		l.add("CREATE FILE", 5+padded(13)+8, 2)
		for rest := len(f.Data); rest > 0; rest -= writeRoom {
			n := padded(min(rest, writeRoom)) + 8
			l.add("UPDATE BINARY", head(n)+n, 2)
		}
	}
	l.add("SELECT", 7, 2) // back to the master file
	l.add("READ BINARY", 5, len(fileByName(t, &o, "EF.CardAccess").Data)+2)
	infos, best := ways(t, o)
	l.pace(best, best) // CAN
	for _, info := range infos {
		l.add("SELECT", 7, 2) // back to the master file
		l.pace(info, best)    // MRZ
	}
	l.add("SELECT", secured(7, 0, 5), secured(0, 0, 2))
	for _, f := range o.Files {
		if f.Name == "EF.CardAccess" {
			continue
		}
		for rest := len(f.Data); rest > 0; rest -= readRoom {
			n := min(rest, readRoom)
			l.add("READ BINARY", secured(0, n, 5), secured(n, 0, 2))
		}
	}
	if !o.Active.IsZero() { // the signature is longer than a short answer
		l.add("INTERNAL AUTHENTICATE", secured(8, apdu.MaxShort+1, 5), secured(256, 0, 2))
	}
	l.add("MANAGE SECURITY ENVIRONMENT", secured(14, 0, 5), secured(0, 0, 2))
	l.add("GENERAL AUTHENTICATE", secured(69, 256, 5), secured(2, 0, 2))
	l.add("READ BINARY", secured(0, 8, 5), secured(8, 0, 2))
	l.add("SELECT", 12, 2)
	l.channel()
	l.add("SET STATUS", 5+padded(7)+8, 2)
	l.add("SELECT", 12, 2) // refused from here on
	for range 4 {
		l.add("SELECT", 7, 2)
	}
	l.add("READ BINARY", 5, 2)
	l.add("UPDATE BINARY", 6, 2)
	l.add("CREATE FILE", 5+13, 2)
	l.add("INITIALIZE UPDATE", 14, 2)
	l.pace(best, best)
	l.add("SELECT", secured(7, 0, 5), secured(0, 0, 2))
	n := len(fileByName(t, &o, "EF.COM").Data)
	l.add("READ BINARY", secured(0, n, 5), secured(n, 0, 2))
	l.add("UPDATE BINARY", secured(1, 0, 5), secured(0, 0, 2))
	return l
}

// writeRoom and readRoom are what one command of 4096 bytes carries: header and length 7, padding
// and authenticator 8; and what one answer of 4096 does: status 2, DO 99, DO 8E, head of DO 87.
const (
	writeRoom = (4096-7-8)/16*16 - 1
	readRoom  = (4096-2-4-10-5)/16*16 - 1
)

// padded is a length behind padding with 80 00 to blocks of 16.
func padded(n int) int { return n/16*16 + 16 }

// head is header and length of a command with data and without an answer.
func head(n int) int {
	if n > 255 {
		return 7
	}
	return 5
}

// secured is a command or an answer under secure messaging with AES: data, expected length, and the
// bytes around it.
func secured(data, expected, around int) int {
	n := around + 10 // DO 8E
	if around == 5 {
		n++ // Le
	} else {
		n += 4 // DO 99
	}
	if data > 0 {
		n += padded(data) + 3
		if padded(data) > 126 {
			n += 2
		}
	}
	if expected > 256 {
		n += 4 // two bytes in DO 97
		n += 3 // and both lengths outside in their long form
	} else if expected > 0 {
		n += 3
	}
	return n
}

type list []apduSize

func (l *list) add(what string, command, reply int) { *l = append(*l, apduSize{what, command, reply}) }

// channel opens GlobalPlatform's secure channel with a pseudo-random challenge.
func (l *list) channel() {
	l.add("INITIALIZE UPDATE", 14, 10+3+8+8+3+2)
	l.add("EXTERNAL AUTHENTICATE", 5+16, 2)
}

// stores bring the secrets that an order has.
func (l *list) stores(o devices.ChipOrder) {
	values := []int{len(o.MRZHash), len(o.CAN), 1 + len(o.Auth.Private)}
	if o.Auth.KeyID != 0 {
		values[2]++
	}
	if len(o.Mapping.Private) > 0 {
		values = append(values, 2+len(o.Mapping.Private))
	}
	if !o.Active.IsZero() {
		values = append(values, 2+len(o.Active.RSA)+len(o.Active.Private))
	}
	for _, value := range values {
		n := padded(value)
		if n < 255 {
			n += 3
		} else {
			n += 5
		}
		n = padded(n) + 8
		l.add("STORE DATA", head(n)+n, 2)
	}
}

// ways are those of PACE that the order announces, each of which has to be shown once, and the best.
func ways(t testing.TB, o devices.ChipOrder) (infos []pace.Info, best pace.Info) {
	t.Helper()
	infos, err := pace.ParseInfos(fileByName(t, &o, "EF.CardAccess").Data)
	if err != nil {
		t.Fatal(err)
	}
	if best, _, err = pace.Choose(infos); err != nil {
		t.Fatal(err)
	}
	return infos, best
}

// pace is one way of PACE on a curve of 256 bits. One that is not the best names its parameters.
func (l *list) pace(info, best pace.Info) {
	environment, proof := 5+15, 0
	if info != best {
		environment += 3
	}
	l.add("MANAGE SECURITY ENVIRONMENT", environment, 2)
	l.add("GENERAL AUTHENTICATE", 8, 20+2)
	switch info.Protocol.Mapping {
	case pace.IntegratedMapping:
		l.add("GENERAL AUTHENTICATE", 5+20+1, 4+2)
	case pace.ChipAuthMapping:
		proof = 2 + 64
		fallthrough
	default:
		l.add("GENERAL AUTHENTICATE", 5+69+1, 69+2)
	}
	l.add("GENERAL AUTHENTICATE", 5+69+1, 69+2)
	l.add("GENERAL AUTHENTICATE", 5+12+1, 12+proof+2)
}

// TestAirModel holds single exchanges against figures counted by hand.
func TestAirModel(t *testing.T) {
	air, err := virtual.NewAir(106)
	if err != nil {
		t.Fatal(err)
	}
	const etu = 128e9 / 13.56e6 // nanoseconds of a bit
	delay := 1172e9 / 13.56e6
	for _, test := range []struct {
		name            string
		command, answer int
		bits, frames    float64
	}{
		{"one block each way", 5, 2, 9*(8+5) + 4, 2},
		{"full block", 253, 2, 9*(256+5) + 4, 2},
		{"chain of two", 254, 2, 9*(256+3+4+5) + 8, 4},
		{"chain of three back", 5, 600, 9*(8+256+3+256+3+97) + 12, 6},
	} {
		want := time.Duration(test.bits*etu + test.frames*delay)
		if got := air.Exchange(test.command, test.answer); (got - want).Abs() > time.Microsecond {
			t.Errorf("%s: %s, want %s", test.name, got, want)
		}
	}
	if a := air.Activation(); a < 10*time.Millisecond || a > 20*time.Millisecond {
		t.Errorf("activation in %s", a)
	}
	if _, err := virtual.NewAir(300); err == nil {
		t.Error("300 kbit/s was taken")
	}
}
