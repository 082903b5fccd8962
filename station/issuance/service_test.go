package issuance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
)

// TestServiceModeOfAnotherProgram: the window and a program at the terminal work on one data directory. When
// one of them is opened for service the other shows no case, works on none, and locks; both know who did it
// and since when, and both are back when either ends it.
func TestServiceModeOfAnotherProgram(t *testing.T) {
	v := newVisit(t)
	window, ctx := v.desk, t.Context()
	if err := v.receive(window); err != nil {
		t.Fatal(err)
	}
	enroller := v.seat(window, "E")
	token := must(window.Enrol(ctx, enroller))(t)
	terminal := v.rawDesk()
	terminal.Elapsed = window.Elapsed
	tech := v.seat(terminal, "T")
	if err := terminal.OpenService(ctx, tech); err != nil {
		t.Fatal(err)
	}
	v.seenFrom(window, tech)
	if b := must(window.Board(ctx))(t); len(b.Cases) != 0 {
		t.Error("the window shows cases")
	}
	if _, err := window.Application(ctx, enroller, token); !errors.Is(err, issuance.ErrService) {
		t.Errorf("an application in the window: %v", err)
	}
	if _, err := window.Find(ctx, enroller, string(token)); !errors.Is(err, issuance.ErrService) {
		t.Errorf("a search in the window: %v", err)
	}
	if _, err := window.Enrol(ctx, enroller); !errors.Is(err, issuance.ErrService) {
		t.Errorf("an enrolment in the window: %v", err)
	}
	v.untilLocked(window)
	if _, err := window.Application(ctx, enroller, token); err == nil {
		t.Error("the enroller is still signed in at the window")
	}
	if window.ServiceLeft() == 0 {
		t.Error("the window does not know how long it goes on")
	}
	v.reopenToken("T")
	here := v.seat(window, "T")
	if err := window.OpenService(ctx, here); err != nil {
		t.Errorf("the technician goes on in the window: %v", err)
	}
	if n := v.entries(event.ServiceOpened); n != 1 {
		t.Errorf("%d entries for one service mode", n)
	}
	if err := window.CloseService(ctx, here); err != nil {
		t.Fatal(err)
	}
	if s := must(terminal.Service(ctx))(t); s.Open {
		t.Errorf("at the terminal service mode goes on: %+v", s)
	}
	if _, err := terminal.ReadCard(ctx, tech); !errors.Is(err, issuance.ErrNoService) {
		t.Errorf("the terminal after the end: %v", err)
	}
	v.untilLocked(terminal)
	v.reopenToken("E")
	if _, err := window.Application(ctx, v.seat(window, "E"), token); err != nil {
		t.Errorf("the window after service mode: %v", err)
	}
}

// seenFrom holds what a program says of service mode against who opened it.
func (v *visit) seenFrom(d *issuance.Desk, tech issuance.Seat) {
	v.t.Helper()
	s := must(d.Service(v.t.Context()))(v.t)
	if !s.Open || s.Technician != tech.Officer.Pseudonym || s.Left != 10*time.Minute ||
		s.Until.Sub(s.Since) != 10*time.Minute || time.Since(s.Since) > 5*time.Minute {
		v.t.Errorf("service mode: %+v", s)
	}
}

// untilLocked waits until a program has noticed, and signed everybody out.
func (v *visit) untilLocked(d *issuance.Desk) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), time.Minute)
	defer cancel()
	locked := false
	d.Watch(ctx, func() { locked = true; cancel() })
	if !locked {
		v.t.Error("the program did not lock itself")
	}
}

// TestServiceModeOfBefore: what is left of a service mode when the program was killed ends with its ten
// minutes, with a restart of the machine, and with another day.
func TestServiceModeOfBefore(t *testing.T) {
	for name, later := range map[string]func(v *visit){
		"ten minutes": func(v *visit) { v.elapsed += 10 * time.Minute },
		"a restart":   func(v *visit) { v.elapsed = time.Minute },
		"another day": func(v *visit) { v.clock = func() time.Time { return time.Now().Add(24 * time.Hour) } },
	} {
		t.Run(name, func(t *testing.T) {
			v := &visit{office: bareOffice(t), elapsed: time.Hour}
			v.desk = v.rawDesk()
			v.desk.Elapsed = func() time.Duration { return v.elapsed }
			if err := v.desk.OpenService(t.Context(), v.seat(v.desk, "T")); err != nil {
				t.Fatal(err)
			}
			if s := must(v.desk.Service(t.Context()))(t); !s.Open {
				t.Fatal("service mode did not open")
			}
			later(v)
			if s := must(v.desk.Service(t.Context()))(t); s.Open {
				t.Errorf("after %s: %+v", name, s)
			}
		})
	}
}
