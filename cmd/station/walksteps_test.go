package main

import (
	"fmt"
	"os/exec"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/cmd/internal/training"
	"padarozhnik/station"
)

// walk goes through the window; each step ends with a picture.
func (w *walker) walk(how string) error {
	if w.err != nil {
		return w.err
	}
	steps := []struct {
		name string
		do   func() error
	}{{"guide", w.guide}, {"enter", func() error { return w.enter("E-01") }}}
	if how == "through" {
		steps = append(steps, []struct {
			name string
			do   func() error
		}{
			{"old-passport", w.oldPassport}, {"person", w.person}, {"portrait", w.portrait}, {"evidence", w.evidence},
			{"consents", w.consents}, {"submitted", w.submit}, {"review", w.review}, {"approved", w.approve},
			{"ordered", w.order}, {"booklet", w.personalise}, {"inspected", w.inspect}, {"hand-over", w.present},
			{"handed", w.handOver}, {"closed", w.closeCase}, {"day-closed", w.closeDay},
		}...)
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if err := w.shoot(s.name); err != nil {
			return err
		}
	}
	return nil
}

// guide waits for the window, takes the keyboard there, and puts the first-run guide away.
func (w *walker) guide() error {
	out, err := exec.CommandContext(w.ctx, "xdotool", "search", "--sync", "--onlyvisible", "--name", w.texts["ui.name"],
		"windowfocus", "--sync").CombinedOutput()
	if err != nil {
		return fmt.Errorf("the window does not come: %w: %s", err, out)
	}
	if err := w.until("the guide is shown", func() bool { return w.offers("ui.help.seen") }); err != nil {
		return err
	}
	if err := w.shoot("first-start"); err != nil {
		return err
	}
	return w.again("the guide is put away", func() bool { return !w.offers("ui.help.seen") },
		func() error { return w.key("space") })
}

func (w *walker) oldPassport() error {
	err := w.again("an application is open", func() bool { return w.offers("ui.old.scan") },
		func() error { return w.key("ctrl+n") })
	if err != nil {
		return err
	}
	return w.press("ui.old.scan", "the page is read", func() bool { return w.says(w.texts["ui.old.read"]) })
}

// next goes to the next step of the application, at which a button or words stand.
func (w *walker) next(words string) error {
	return w.press("ui.enrol.after", words+" is shown", func() bool { return w.says(words) })
}

func (w *walker) person() error {
	if err := w.next(w.texts["ui.names.title"]); err != nil {
		return err
	}
	who := training.Example().Person
	for _, f := range []struct {
		words string
		tabs  int // fields that the scanner has filled, or that stay empty, behind it
	}{{who.LocalSurname, 1}, {who.LocalGivenNames, 3}, {who.PlaceOfBirth, 1}} {
		if err := w.write(f.words); err != nil {
			return err
		}
		for range f.tabs {
			if err := w.key("Tab"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walker) portrait() error {
	if err := w.next(w.texts["ui.portrait.checks"]); err != nil {
		return err
	}
	if err := w.press("ui.portrait.choose", "a picture lies in the frame",
		func() bool { return w.offers("ui.portrait.take") }); err != nil {
		return err
	}
	return w.press("ui.portrait.take", "the portrait is taken", func() bool {
		return w.says(w.texts["ui.portrait.kept"]) ||
			w.says(w.texts["ui.portrait.now"])
	})
}

func (w *walker) evidence() error {
	if err := w.next(w.texts["ui.signature.title"]); err != nil {
		return err
	}
	if err := w.next(w.texts["ui.proof.more"]); err != nil {
		return err
	}
	interview := w.texts["ui.proof.interview"]
	chosen := func() bool {
		o, _ := w.focused()
		s, ok := o.(*widget.Select)
		return ok && s.Selected == interview
	}
	if err := w.tabTo("the kind of evidence", func(o fyne.Focusable, _ string) bool {
		_, ok := o.(*widget.Select)
		return ok
	}); err != nil {
		return err
	}
	for !chosen() {
		if err := w.key("Right"); err != nil {
			return err
		}
	}
	if err := w.fill("ui.proof.note", "answers agree"); err != nil {
		return err
	}
	return w.again("the evidence is listed", func() bool { return w.says("answers agree") }, func() error { return w.key("Return") })
}

func (w *walker) consents() error {
	if err := w.next(w.texts["ui.consents.says"]); err != nil {
		return err
	}
	yes := w.texts["ui.consent.yes"]
	for range w.office.Desk.Charter.Profile.Consents {
		before, _ := w.focused()
		err := w.tabTo("a consent", func(o fyne.Focusable, words string) bool { return o != before && words == yes })
		if err == nil {
			err = w.key("space")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) submit() error {
	if err := w.next(w.texts["ui.guardian.add"]); err != nil {
		return err
	}
	if err := w.press("ui.enrol.after", "the summary is shown", func() bool { return w.offers("ui.verb.submit") }); err != nil {
		return err
	}
	if err := w.shoot("summary"); err != nil {
		return err
	}
	return w.press("ui.verb.submit", "the case is submitted", func() bool { return w.stage() == station.StageSubmitted })
}

// relieve has another officer sit down, and choose the case.
func (w *walker) relieve(name string) error {
	if err := w.leave(); err != nil {
		return err
	}
	if err := w.enter(name); err != nil {
		return err
	}
	return w.choose()
}

func (w *walker) review() error {
	if err := w.relieve("A-01"); err != nil {
		return err
	}
	// The sealed copy goes to headquarters before anybody decides.
	if err := w.again("headquarters has answered", func() bool { return !w.says(w.texts["ui.status.never"]) },
		func() error { return w.key("ctrl+s") }); err != nil {
		return err
	}
	if err := w.again("the review is open", func() bool { return w.offers("ui.verb.approve") || w.tickable() },
		func() error { return w.key("ctrl+g") }); err != nil {
		return err
	}
	if err := w.tickAll(); err != nil {
		return err
	}
	return w.fill("ui.review.reason", "complete and convincing")
}

func (w *walker) approve() error {
	return w.press("ui.verb.approve", "the case is approved", func() bool { return w.stage() == station.StageApproved })
}

// onward presses the key of the next step until the case has come to a stage.
func (w *walker) onward(to station.Stage) error {
	return w.again("the case is "+string(to), func() bool { return w.stage() == to }, func() error { return w.key("ctrl+g") })
}

func (w *walker) order() error { return w.onward(station.StageOrdered) }

func (w *walker) personalise() error {
	if err := w.relieve("O-01"); err != nil {
		return err
	}
	if err := w.again("the booklet is begun", func() bool { return w.offers("ui.strip.cancel") || w.stage() == station.StageProducing },
		func() error { return w.key("ctrl+g") }); err != nil {
		return err
	}
	if err := w.shoot("personalising"); err != nil {
		return err
	}
	return w.until("the page is printed", func() bool {
		books, err := w.office.Desk.Stock(w.ctx)
		for _, b := range books {
			if b.State == station.StatePrinted {
				return err == nil && !w.offers("ui.strip.cancel")
			}
		}
		return false
	})
}

func (w *walker) inspect() error {
	if err := w.relieve("I-01"); err != nil {
		return err
	}
	asked := func() bool { return w.says(w.texts["ui.visual.says"]) }
	if err := w.again("the list is shown", asked, func() error { return w.key("ctrl+g") }); err != nil {
		return err
	}
	if err := w.tickAll(); err != nil {
		return err
	}
	if err := w.shoot("inspection"); err != nil {
		return err
	}
	return w.press("ui.verb.inspect", "the booklet has passed", func() bool { return w.stage() == station.StagePassed })
}

func (w *walker) present() error {
	if err := w.relieve("E-01"); err != nil {
		return err
	}
	asked := func() bool { return w.says(w.texts["ui.handover.says"]) }
	if err := w.again("the chip is read", asked, func() error { return w.key("ctrl+g") }); err != nil {
		return err
	}
	if err := w.tickAll(); err != nil {
		return err
	}
	if err := w.tabTo("the old passport", func(o fyne.Focusable, _ string) bool { _, ok := o.(*widget.Select); return ok }); err != nil {
		return err
	}
	return w.key("Right")
}

func (w *walker) handOver() error {
	return w.press("ui.verb.handover", "the passport is handed over", func() bool { return w.stage() == station.StageHanded })
}

func (w *walker) closeCase() error {
	return w.again("the case is closed", func() bool { s := w.stage(); return s == station.StageClosed || s == "" },
		func() error { return w.key("ctrl+s") })
}

func (w *walker) closeDay() error {
	if err := w.again("the count is asked for", func() bool { return w.says(w.texts["ui.day.close.says"]) },
		func() error { return w.key("ctrl+d") }); err != nil {
		return err
	}
	inside, err := w.office.Desk.Safe(w.ctx)
	if err != nil {
		return err
	}
	if err := w.fill("ui.day.count", strconv.Itoa(len(inside))); err != nil {
		return err
	}
	return w.press("ui.day.close", "the day is closed", func() bool { return w.says(w.texts["ui.day.closed.now"]) })
}
