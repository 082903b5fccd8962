package issuance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/ipp"
	"padarozhnik/devices/stream"
	"padarozhnik/devices/usb"
	virtualprinter "padarozhnik/devices/virtual/printer"
	"padarozhnik/devices/virtual/usbip"
	"padarozhnik/devices/watchdog"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
)

// sockets is a bus into which the office's printer is plugged: one of this process (unpluggedhost_test.go) or the
// kernel's own (unplugged_guest_test.go).
type sockets interface {
	usb.Bus
	Plug(d *usbip.Device) error
	Gone() error
}

// corded is an office whose printer hangs on a USB cable. It has two of them that take turns: one with memory for a
// page, and one without, which lays ink while the page comes, so that a cable that is pulled leaves half a page behind.
type corded struct {
	*office
	desk   *issuance.Desk
	bus    sockets
	models []model
	link   *usb.Link
	ways   []way
	orders []station.CaseToken // that wait for their booklets
}

// model is one of the printers, as the office has it and as it hangs on the cable.
type model struct {
	*virtualprinter.Printer
	device *usbip.Device
}

// way is one of the two protocols over the cable, and how many bytes go over it for a page.
type way struct {
	name   string
	driver devices.Printer
	polls  bool  // asks over the same pipe how the page gets on
	job    int64 // from the officer's order to the end of the page
}

// cord hangs the office's printers on a cable.
func (o *office) cord(bus sockets) *corded {
	t := o.t
	t.Helper()
	address := must(usb.ParseAddress("usb:1209:0001"))(t)
	link := usb.NewLink(address, usb.Options{Bus: bus, Timing: cableTiming()})
	models := []model{o.model(false), o.model(true)}
	t.Cleanup(func() {
		if err := link.Close(); err != nil {
			t.Error(err)
		}
		for _, m := range models {
			m.device.Unplug()
		}
		if err := bus.Gone(); err != nil {
			t.Error(err)
		}
	})
	over := must(ipp.New("ipp://localhost/ipp/print", link.Transport(), impatient()))(t)
	c := &corded{office: o, desk: o.desk(nil), bus: bus, models: models, link: link, ways: []way{
		{name: "IPP over USB", driver: over, polls: true},
		{name: "printer class", driver: stream.New(link.Port(), stream.PWG{})},
	}}
	c.orders = o.batch(c.desk, len(must(o.table.Books())(t)))
	return c
}

// learn prints a page over each of the ways, unless somebody knows how long one is.
func (c *corded) learn(job int64) {
	c.t.Helper()
	for i, m := range c.models {
		if c.ways[i].job = job; job > 0 {
			continue
		}
		c.plug(m)
		c.measure(&c.ways[i], m.device)
		m.device.Unplug()
		if err := c.bus.Gone(); err != nil {
			c.t.Fatal(err)
		}
	}
}

// model makes a printer that works until the test ends.
func (o *office) model(streams bool) model {
	t := o.t
	t.Helper()
	p := must(virtualprinter.Open(filepath.Join(o.dir, "desk"),
		virtualprinter.Options{Streams: streams, PrintTime: time.Millisecond}))(t)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Work(ctx)
	}()
	device := usbip.Printer(p, "R0001", false)
	t.Cleanup(func() {
		device.Close()
		stop()
		<-done
	})
	return model{p, device}
}

// plug puts the cable of a printer in.
func (c *corded) plug(m model) {
	c.t.Helper()
	if err := c.bus.Plug(m.device); err != nil {
		c.t.Fatal(err)
	}
}

// take makes the desk print over one of the ways.
func (c *corded) take(w way) {
	c.desk.Printer = watchdog.NewPrinter(w.driver, watchdog.Limits{})
}

// waiting is the next case, with its booklet encoded.
func (c *corded) waiting() station.Case {
	c.t.Helper()
	for range 3 {
		open := must(c.desk.Case(c.t.Context(), c.orders[0]))(c.t)
		if open.Serial != "" && c.recorded(c.desk, open.Serial) == station.StateEncoded {
			return open
		}
		if err := c.order(open, nil); err != nil {
			c.t.Fatal(err)
		}
	}
	c.t.Fatal("no booklet is encoded")
	return station.Case{}
}

// order is the officer's tap: the next step on a booklet.
func (c *corded) order(open station.Case, report devices.Report) error {
	return c.desk.Produce(c.t.Context(), c.seat(c.desk, "O"), open.Token, report)
}

// measure prints a page well, and learns how many bytes go over the cable for one.
func (c *corded) measure(w *way, device *usbip.Device) {
	c.take(*w)
	open := c.waiting()
	device.Cure()
	if err := c.order(open, func(p devices.Progress) {
		if w.polls && p.Step == "print" && w.job == 0 {
			w.job = device.Sent()
		}
	}); err != nil {
		c.t.Fatalf("%s: %v", w.name, err)
	}
	if !w.polls {
		w.job = device.Sent()
	}
	c.printed(open.Serial)
}

// printed fails where a booklet is not printed, by the record and by the ink, and goes on to the next case.
func (c *corded) printed(serial station.Serial) {
	c.t.Helper()
	if got := c.recorded(c.desk, serial); got != station.StatePrinted || c.blankPage(serial) {
		c.t.Fatalf("booklet is %s, page without ink: %v", got, c.blankPage(serial))
	}
	c.orders = c.orders[1:]
}

// printWell prints the booklet that waits, at the desk as it is.
func (c *corded) printWell() {
	c.t.Helper()
	open := c.waiting()
	if err := c.order(open, nil); err != nil {
		c.t.Fatalf("the next page: %v", err)
	}
	c.printed(open.Serial)
}

// count is how often the record says a kind of a booklet.
func (c *corded) count(serial station.Serial, kind string) (n int) {
	c.t.Helper()
	for _, s := range must(c.desk.Journal(c.t.Context(), string(serial)))(c.t) {
		if s.Entry.Kind == kind {
			n++
		}
	}
	return n
}

// pull orders a page, pulls the cable, and holds the record against the ink. It returns what a person finds who
// looks at the booklet.
func (c *corded) pull(m model, w way, p pulled) station.State {
	t := c.t
	t.Helper()
	c.take(w)
	open := c.waiting()
	begun, refused := c.count(open.Serial, event.PrintStarted), c.count(open.Serial, event.PrintRefused)
	err := c.order(open, p.plant(m.device))
	m.device.Cure()
	if err == nil {
		t.Fatalf("%s: %v, and no error", w.name, p)
	}
	c.told(err)
	if gone := c.bus.Gone(); gone != nil {
		t.Error(gone)
	}
	for m.Busy() { // it prints what it has, cable or not
		time.Sleep(time.Millisecond)
	}
	state, inked := c.recorded(c.desk, open.Serial), !c.blankPage(open.Serial)
	begun, refused = c.count(open.Serial, event.PrintStarted)-begun, c.count(open.Serial, event.PrintRefused)-refused
	doubt := errors.Is(err, issuance.ErrInDoubt)
	switch {
	case c.count(open.Serial, event.BookletPrinted) > 0:
		t.Errorf("%s: %v, and the record says printed", w.name, p)
	case state == station.StateInking && (!doubt || begun != 1 || refused != 0),
		state == station.StateEncoded && (doubt || inked || begun != refused),
		state != station.StateInking && state != station.StateEncoded:
		t.Errorf("%s: %v: booklet is %s, ink %v, %d begun, %d refused: %v", w.name, p, state, inked, begun, refused, err)
	}
	c.plug(m)
	return c.look(open, state, inked)
}

// look is a person who looks at a booklet after the cable is back, and resolves what is in doubt.
func (c *corded) look(open station.Case, state station.State, inked bool) station.State {
	t := c.t
	t.Helper()
	if state == station.StateInking {
		if err := c.order(open, nil); !errors.Is(err, issuance.ErrInDoubt) {
			t.Errorf("printed again without a person: %v", err)
		}
		if err := c.produce(t.Context(), c.desk, open, state); err != nil {
			t.Fatal(err)
		}
		state = c.recorded(c.desk, open.Serial)
	}
	if inked != (state != station.StateEncoded) {
		t.Errorf("ink %v, and who looked says %s", inked, state)
	}
	if state != station.StateEncoded {
		c.orders = c.orders[1:]
	}
	return state
}

// told fails where an error has no sentence that tells a person what to do.
func (c *corded) told(err error) {
	c.t.Helper()
	for _, language := range []string{"be", "en"} {
		if key := issuance.Cure(err); key == "other" || textsOf(c.t, language)["cure."+key] == "" {
			c.t.Errorf("a person is told nothing of %v", err)
		}
	}
	if !errors.Is(err, devices.ErrUnreachable) && !errors.Is(err, devices.ErrProtocol) {
		c.t.Errorf("not what becomes of a cable: %v", err)
	}
}

// left counts what the process holds: goroutines and open files.
func left(t testing.TB) (goroutines, files int) {
	t.Helper()
	return runtime.NumGoroutine(), len(must(os.ReadDir("/proc/self/fd"))(t))
}

// TestUnpluggedInMidPrint pulls the cable at random bytes of the printing of booklets: before the page, in it,
// and when the printer has all of it. Never does the record say printed. Where ink may have been laid the booklet waits
// for a person's eyes, and where none was it can be printed again. When the cable is back, the same desk prints
// the next page, and nothing is lost on the way.
func TestUnpluggedInMidPrint(t *testing.T) {
	for _, s := range sittings() {
		t.Run(fmt.Sprint(s.pulls), func(t *testing.T) { s.sit(t) })
	}
}

// sitting is a number of cables that are pulled at one desk; after some of them each a page is printed to its end.
type sitting struct {
	seed        uint64
	pulls, well int
	job         int64 // bytes of a page; 0: they are counted first
}

func (s sitting) sit(t *testing.T) {
	o := newOffice(t, s.pulls*3/5+s.pulls/s.well+5)
	c := o.cord(newSockets(t))
	c.learn(s.job)
	random := rand.New(rand.NewPCG(s.seed, 30))
	found := map[station.State]int{}
	var goroutines, files int
	for n := range s.pulls {
		m, w := c.models[n/2%2], c.ways[n%2]
		p := partOf(n).of(w.job, random)
		c.plug(m)
		state := c.pull(m, w, p)
		t.Logf("%s, memory %v: %v of %d: %s", w.name, n/2%2 == 0, p, w.job, state)
		found[state]++
		if n%s.well == s.well-1 {
			c.printWell()
		}
		m.device.Unplug()
		if err := c.bus.Gone(); err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			goroutines, files = left(t)
		}
	}
	if found[station.StateEncoded] == 0 || found[station.StateSpoiled] == 0 || found[station.StatePrinted] == 0 {
		t.Errorf("not every outcome was tried: %v", found)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		g, f := left(t)
		if g <= goroutines && f <= files {
			break
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines after the first, %d after the last; %d files, and %d\n%s", goroutines, g, files, f,
				bytes.TrimSpace(stacks[:runtime.Stack(stacks, true)]))
		}
	}
}

// cableTiming are deadlines of the cable for tests that wait for them.
func cableTiming() usb.Timing {
	return usb.Timing{
		Open: 20 * time.Second, Idle: 300 * time.Millisecond, Silence: cableSilence, Drain: 3 * time.Second,
		Stuck: 10 * time.Second, Quiet: 30 * time.Millisecond, Poll: 50 * time.Millisecond, Patience: time.Second,
		Job: time.Minute,
	}
}

// part is where in a job a cable is pulled.
type part int

const (
	beginning part = iota // what is asked before the page
	page                  // anywhere in it
	end                   // the printer has all of it, and is about to say so
)

// partOf is where the n-th cable is pulled: most of them anywhere. Five is odd: each part meets both ways.
func partOf(n int) part {
	return []part{page, end, page, beginning, page}[n%5]
}

// pulled is a cable that is pulled at a byte: of what goes to the printer, or of its answer to a page.
type pulled struct {
	part part
	at   int64
}

// of draws a position. Pages differ in length by some tenths.
func (p part) of(job int64, random *rand.Rand) pulled {
	switch p {
	case beginning:
		return pulled{p, random.Int64N(job / 100)}
	case end:
		return pulled{p, random.Int64N(40)}
	}
	return pulled{p, random.Int64N(job * 4 / 5)}
}

// plant readies a device for the pull, and returns what plants it where the page must be over first.
func (p pulled) plant(d *usbip.Device) devices.Report {
	if p.part != end {
		d.Plant(usbip.Fault{Kind: usbip.Unplugged, At: p.at})
		return nil
	}
	once := sync.OnceFunc(func() { d.Plant(usbip.Fault{Kind: usbip.UnpluggedIn, At: p.at}) })
	return func(p devices.Progress) {
		if p.Step == "print" {
			once()
		}
	}
}

// String says where it was.
func (p pulled) String() string {
	if p.part == end {
		return fmt.Sprintf("unplugged at byte %d of the answer", p.at)
	}
	return fmt.Sprintf("unplugged at byte %d", p.at)
}
