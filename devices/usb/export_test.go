package usb

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// Known is what the program knows of devices.
var Known = known

// Of is what is known of a device.
func (q *Quirks) Of(p Plugged) Quirk { return q.of(p) }

// KernelAt is a kernel's bus whose files lie elsewhere.
func KernelAt(sysfs, nodes string) Kernel { return Kernel{sysfs: sysfs, nodes: nodes} }

// Heard reads what a printer says on its way back, in pieces, and returns how many messages that were, how many values
// they hold at most, whether one of them ends a job of that name, and how many bytes wait for the rest of a message.
func Heard(name string, pieces ...[]byte) (count, values int, ended bool, held int) {
	var in messages
	for _, piece := range pieces {
		for _, m := range in.take(piece) {
			end, pages := m.ended(name)
			count, values, ended = count+1, max(values, len(m.values)), ended || end && pages > 0
		}
	}
	return count, values, ended, len(in.held)
}

// scripted is an interface that gives bytes and then is gone.
type scripted struct{ rest []byte }

func (s *scripted) Read(_ context.Context, b []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, ErrGone
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (*scripted) Write(_ context.Context, b []byte) (int, error) { return len(b), nil }
func (*scripted) Close() error                                   { return nil }

// ReadAnswer reads bytes as the answer of a device that is unplugged behind them, and returns how long its body is.
func ReadAnswer(answer []byte) (int, error) {
	l := NewLink(Address{}, Options{})
	o := newOwner(l)
	defer o.stop()
	go func() { <-o.backs }()
	req, err := http.NewRequest(http.MethodGet, "http://localhost/", nil)
	if err != nil {
		return 0, err
	}
	x := &exchange{loan: &loan{owner: o, open: &open{}, face: &scripted{answer}}, request: req, body: &gate{},
		answered: make(chan struct{}), left: make(chan struct{}), over: make(chan struct{})}
	x.ctx, x.cancel = context.WithCancelCause(o.ctx)
	go x.run()
	<-x.answered
	if x.err != nil {
		return 0, x.err
	}
	b, err := io.ReadAll(x.response.Body)
	return len(b), errors.Join(err, x.response.Body.Close())
}
