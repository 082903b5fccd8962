package issuance_test

import (
	"bytes"
	"image"
	"image/png"
	"maps"
	"slices"
	"sync"

	"pgregory.net/rapid"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
)

// acts are everything that happens in an office, some more often than others.
func acts() []act {
	often := []act{
		{"goes well", false, goesWell}, {"goes well", false, goesWell}, {"goes well", false, goesWell},
		{"goes well", false, goesWell}, {"goes well", false, goesWell}, {"goes well", false, goesWell},
		{"goes well", false, goesWell}, {"goes well", false, goesWell}, {"goes well", false, goesWell},
		{"goes well", false, goesWell}, {"goes well", false, goesWell}, {"goes well", false, goesWell},
		{"arrive", true, arrive}, {"count", true, countBag}, {"count", true, countBag}, {"count", true, countBag},
		{"count", true, countBag}, {"compare", true, compareShipment}, {"store", true, storeShipment},
		{"receive", true, receiveShort}, {"open the day", true, openTheDay}, {"enrol", false, enrolCase},
		{"approve", true, approveCase}, {"order", true, orderCase}, {"make", true, makeBook}, {"make", true, makeBook},
		{"make", true, makeBook}, {"make", true, makeBook}, {"pass", true, passBook}, {"hand over", true, handOver},
	}
	return append(often,
		act{"announce", true, announceMore}, act{"decide on a quarantine", true, decideQuarantine},
		act{"close the day", true, closeTheDay}, act{"surprise count", true, surprise}, act{"resolve", true, resolveBook},
		act{"send", true, send}, act{"lose", true, lose}, act{"spoil", true, spoilBlank}, act{"destroy", true, destroyBooks},
		act{"revoke", true, revokeBlank}, act{"return a case", true, returnCase})
}

func someone(rt *rapid.T, w *world) issuance.Seat {
	return w.seats[rapid.IntRange(0, len(w.seats)-1).Draw(rt, "who")]
}

func oneOf[T any](rt *rapid.T, what string, list []T) (v T, ok bool) {
	if len(list) == 0 {
		return v, false
	}
	return list[rapid.IntRange(0, len(list)-1).Draw(rt, what)], true
}

func rarely(rt *rapid.T, what string) bool { return rapid.IntRange(0, 7).Draw(rt, what) == 0 }

// anySerial is one of the blanks that the record knows.
func anySerial(rt *rapid.T, w *world) ([]station.Serial, bool) {
	books, err := w.books()
	if err != nil {
		rt.Fatal(err)
	}
	b, ok := oneOf(rt, "book", books)
	return []station.Serial{b.Serial}, ok
}

func announceMore(_ *rapid.T, w *world) error {
	if len(w.sent) > 2 {
		return nil
	}
	return w.announce()
}

func shipment(rt *rapid.T, w *world) (event.Manifest, bool) {
	return oneOf(rt, "shipment", w.sent)
}

func arrive(rt *rapid.T, w *world) error {
	m, _ := shipment(rt, w)
	read := map[string]station.SealRead{}
	for _, b := range m.Bags {
		read[b.Name] = station.SealRead{Number: b.Seal, Broken: rarely(rt, "broken")}
	}
	if rarely(rt, "absent") {
		delete(read, "1")
	}
	_, err := w.desk.Arrive(w.ctx, someone(rt, w), someone(rt, w), m.ID(), read)
	return err
}

// found is what a custodian finds in a bag: mostly what is in it.
func found(rt *rapid.T, in []station.Serial) []station.Serial {
	out := slices.Clone(in)
	switch rapid.IntRange(0, 19).Draw(rt, "found") {
	case 0:
		return out[1:]
	case 1:
		return append(out, "UT9999999")
	case 2:
		return append(out, out[0])
	}
	return out
}

func countBag(rt *rapid.T, w *world) error {
	m, _ := shipment(rt, w)
	bag, _ := oneOf(rt, "bag", m.Bags)
	return w.desk.CountBag(w.ctx, someone(rt, w), m.ID(), bag.Name, found(rt, m.Contents()[bag.Name]))
}

func compareShipment(rt *rapid.T, w *world) error {
	m, _ := shipment(rt, w)
	_, err := w.desk.CompareShipment(w.ctx, someone(rt, w), m.ID())
	return err
}

// stored is what a store of received blanks does: they lie in the safe from then on.
func (w *world) stored(rt *rapid.T, of []event.Manifest) {
	before, err := w.books()
	if err != nil {
		rt.Fatal(err)
	}
	w.really = func() {
		now, err := w.books()
		if err != nil {
			rt.Fatal(err)
		}
		had := map[station.Serial]station.State{}
		for _, b := range before {
			had[b.Serial] = b.State
		}
		for _, b := range now {
			in := slices.ContainsFunc(of, func(m event.Manifest) bool {
				return slices.ContainsFunc(m.Blanks, func(l event.Blank) bool { return l.Serial == b.Serial })
			})
			if b.State == station.StateAvailable && !had[b.Serial].InSafe() && in {
				w.safe[b.Serial] = true
			}
		}
	}
}

func storeShipment(rt *rapid.T, w *world) error {
	m, _ := shipment(rt, w)
	w.stored(rt, []event.Manifest{m})
	_, err := w.desk.StoreShipment(w.ctx, someone(rt, w), someone(rt, w), m.ID())
	return err
}

// receiveShort counts together what has not arrived the long way.
func receiveShort(rt *rapid.T, w *world) error {
	shipment(rt, w)
	known, err := w.desk.Shipments(w.ctx)
	if err != nil {
		return err
	}
	var all []station.Serial
	var of []event.Manifest
	for _, s := range known {
		for _, m := range w.sent {
			if m.ID() == s.ID && s.Stage == station.ShipmentAnnounced {
				for _, b := range m.Blanks {
					all = append(all, b.Serial)
				}
				of = append(of, m)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	w.stored(rt, of)
	return w.desk.ReceiveStock(w.ctx, someone(rt, w), someone(rt, w), found(rt, all))
}

func decideQuarantine(rt *rapid.T, w *world) error {
	m, _ := shipment(rt, w)
	bag, _ := oneOf(rt, "bag", m.Bags)
	blanks := m.Contents()[bag.Name]
	cut := rapid.IntRange(0, len(blanks)).Draw(rt, "released")
	body := event.Resolution{
		Shipment: m.ID(), Bag: bag.Name, Released: station.Ranges(blanks[:cut]), Lost: station.Ranges(blanks[cut:]),
	}
	return w.direct(event.StockResolved, "", body, "", nil)
}

func openTheDay(rt *rapid.T, w *world) error {
	counted := len(w.safe)
	if rarely(rt, "miscounted") {
		counted++
	}
	_, err := w.desk.OpenDay(w.ctx, someone(rt, w), someone(rt, w), counted)
	return err
}

func closeTheDay(rt *rapid.T, w *world) error {
	_, err := w.desk.CloseDay(w.ctx, someone(rt, w), len(w.safe))
	return err
}

func surprise(rt *rapid.T, w *world) error {
	held := slices.Sorted(maps.Keys(w.safe))
	if len(held) > 0 && rapid.Bool().Draw(rt, "wrong") {
		held = held[1:]
	}
	return w.desk.SurpriseCount(w.ctx, someone(rt, w), someone(rt, w), held)
}

// enrolCase opens, fills and submits a case.
func enrolCase(rt *rapid.T, w *world) error {
	if len(w.cases) >= 3 {
		return nil
	}
	if _, err := w.desk.Today(w.ctx); err != nil {
		if err := openTheDay(rt, w); err != nil {
			return err
		}
	}
	seat := someone(rt, w)
	token, err := w.desk.Enrol(w.ctx, seat)
	if err != nil {
		return err
	}
	w.cases = append(w.cases, token)
	err = w.desk.Amend(w.ctx, seat, token, "person", func(a *station.Application) error {
		zone, err := station.Zone(w.people.charter.Profile, person(), "UT0031416", station.Date{Year: 2016, Month: 1, Day: 2},
			station.Date{Year: 2026, Month: 1, Day: 1})
		a.OldPassport, a.Portrait = &station.OldPassport{MRZ: zone, Typed: true}, portraitBytes()
		if err != nil {
			return err
		}
		return complete(a)
	})
	if err != nil {
		return err
	}
	return w.desk.Submit(w.ctx, seat, token)
}

// goesWell does what comes next, by an officer who may: a day, a delivery, and the case that has come
// farthest. Without it few histories would ever see a book handed over.
func goesWell(rt *rapid.T, w *world) error {
	if _, err := w.desk.Today(w.ctx); err != nil {
		_, err := w.desk.OpenDay(w.ctx, w.seats[0], w.seats[1], len(w.safe))
		return err
	}
	books, err := w.books()
	if err != nil {
		return err
	}
	blank := func(b station.Booklet) bool { return b.State == station.StateAvailable }
	for _, token := range w.cases {
		c, err := w.desk.Case(w.ctx, token)
		if err != nil {
			return err
		}
		if done, err := w.goesOn(rt, c, books); done || err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(books, blank) {
		return w.deliver(rt)
	}
	return enrolCase(rt, w)
}

// deliver takes a delivery into the safe that nobody has touched yet.
func (w *world) deliver(rt *rapid.T) error {
	known, err := w.desk.Shipments(w.ctx)
	if err != nil {
		return err
	}
	var all []station.Serial
	for i, s := range known {
		if s.Stage == station.ShipmentAnnounced {
			for _, b := range w.sent[i].Blanks {
				all = append(all, b.Serial)
			}
		}
	}
	if len(all) == 0 {
		return announceMore(rt, w)
	}
	w.stored(rt, w.sent)
	return w.desk.ReceiveStock(w.ctx, w.seats[0], w.seats[1], all)
}

// goesOn does the next step of a case, by somebody who may. done is false where there is none.
func (w *world) goesOn(rt *rapid.T, c station.Case, books []station.Booklet) (done bool, err error) {
	other := func(than string) issuance.Seat {
		return w.seats[slices.IndexFunc(w.seats, func(s issuance.Seat) bool { return s.Officer.KeyID != than })]
	}
	i := slices.IndexFunc(books, func(b station.Booklet) bool { return b.Serial == c.Serial })
	switch c.Stage {
	case station.StageSubmitted, station.StageSpoiled:
		if !slices.ContainsFunc(books, func(b station.Booklet) bool { return b.State == station.StateAvailable }) {
			return true, w.deliver(rt)
		}
		_, err = w.desk.Approve(w.ctx, other(c.Enrolled), c.Token, "complete")
	case station.StageApproved:
		err = w.order(c.Token, c.Serial)
	case station.StageOrdered, station.StageProducing:
		follows := map[station.State]station.State{
			station.StateReserved: station.StateTaken, station.StateTaken: station.StateEncoded,
			station.StateEncoded: station.StateInking, station.StateInking: station.StatePrinted,
			station.StatePrinted: station.StatePassed,
		}
		err = w.desk.Step(w.ctx, other(c.Operated), station.Order{Case: c.Token, Serial: c.Serial}, follows[books[i].State])
	case station.StagePassed:
		w.really = func() { delete(w.safe, c.Serial) }
		err = w.desk.HandOver(w.ctx, w.seats[0], c.Token, true, true)
	default:
		return false, nil
	}
	return true, err
}

func approveCase(rt *rapid.T, w *world) error {
	token, ok := oneOf(rt, "case", w.cases)
	if !ok {
		return nil
	}
	_, err := w.desk.Approve(w.ctx, someone(rt, w), token, "complete")
	return err
}

func returnCase(rt *rapid.T, w *world) error {
	token, ok := oneOf(rt, "case", w.cases)
	if !ok || !rarely(rt, "really") {
		return nil
	}
	return w.desk.Return(w.ctx, someone(rt, w), token, "look again")
}

// orderCase has headquarters order the booklet of a case, sometimes a second time.
func orderCase(rt *rapid.T, w *world) error {
	token, ok := oneOf(rt, "case", w.cases)
	if !ok {
		return nil
	}
	c, err := w.desk.Case(w.ctx, token)
	if err != nil || c.Serial == "" {
		return err
	}
	return w.order(token, c.Serial)
}

// makeBook does a next step on the booklet of a case, whatever comes next by its state, or any other.
func makeBook(rt *rapid.T, w *world) error {
	token, ok := oneOf(rt, "case", w.cases)
	if !ok {
		return nil
	}
	c, err := w.desk.Case(w.ctx, token)
	if err != nil || c.Serial == "" {
		return err
	}
	steps := []station.State{station.StateTaken, station.StateEncoded, station.StateInking, station.StatePrinted}
	to := rapid.SampledFrom(steps).Draw(rt, "step")
	if !rarely(rt, "another step") {
		books, err := w.books()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(books, func(b station.Booklet) bool { return b.Serial == c.Serial })
		follows := map[station.State]station.State{
			station.StateReserved: station.StateTaken, station.StateTaken: station.StateEncoded,
			station.StateEncoded: station.StateInking, station.StateInking: station.StatePrinted,
		}
		if next, ok := follows[books[i].State]; ok {
			to = next
		}
	}
	return w.desk.Step(w.ctx, someone(rt, w), station.Order{Case: token, Serial: c.Serial}, to)
}

func passBook(rt *rapid.T, w *world) error {
	token, ok := oneOf(rt, "case", w.cases)
	if !ok {
		return nil
	}
	c, err := w.desk.Case(w.ctx, token)
	if err != nil {
		return err
	}
	return w.desk.Step(w.ctx, someone(rt, w), station.Order{Case: token, Serial: c.Serial}, station.StatePassed)
}

func handOver(rt *rapid.T, w *world) error {
	token, ok := oneOf(rt, "case", w.cases)
	if !ok {
		return nil
	}
	c, err := w.desk.Case(w.ctx, token)
	if err != nil {
		return err
	}
	w.really = func() { delete(w.safe, c.Serial) }
	return w.desk.HandOver(w.ctx, someone(rt, w), token, true, !rarely(rt, "another face"))
}

// resolveBook decides on a booklet of which nobody knows how it is.
func resolveBook(rt *rapid.T, w *world) error {
	token, ok := oneOf(rt, "case", w.cases)
	if !ok {
		return nil
	}
	c, err := w.desk.Case(w.ctx, token)
	if err != nil {
		return err
	}
	ways := []station.State{station.StateEncoded, station.StatePrinted, station.StateSpoiled}
	as := rapid.SampledFrom(ways).Draw(rt, "as")
	if as == station.StateSpoiled {
		w.really = func() { w.discard(c.Serial) }
	}
	return w.desk.Resolve(w.ctx, someone(rt, w), token, as, "looked at it")
}

func (w *world) discard(serials ...station.Serial) {
	for _, s := range serials {
		delete(w.safe, s)
		w.waste[s] = true
	}
}

func (w *world) gone(serials ...station.Serial) {
	for _, s := range serials {
		delete(w.safe, s)
	}
}

func send(rt *rapid.T, w *world) error {
	list, ok := anySerial(rt, w)
	if !ok {
		return nil
	}
	w.really = func() { w.gone(list...) }
	return w.desk.SendStock(w.ctx, someone(rt, w), someone(rt, w), list, "headquarters", "S-1")
}

func lose(rt *rapid.T, w *world) error {
	list, ok := anySerial(rt, w)
	if !ok || !rarely(rt, "really") {
		return nil
	}
	w.really = func() { w.gone(list...) }
	return w.desk.DeclareLost(w.ctx, someone(rt, w), someone(rt, w), list, "not found")
}

func spoilBlank(rt *rapid.T, w *world) error {
	list, ok := anySerial(rt, w)
	if !ok {
		return nil
	}
	w.really = func() { w.discard(list...) }
	return w.desk.SpoilBlanks(w.ctx, someone(rt, w), someone(rt, w), list, "torn")
}

var smallPicture = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		panic(err)
	}
	return b.Bytes()
})

func destroyBooks(rt *rapid.T, w *world) error {
	list, ok := anySerial(rt, w)
	if waste := slices.Sorted(maps.Keys(w.waste)); len(waste) > 0 && !rarely(rt, "another") {
		list = waste
	}
	if !ok {
		return nil
	}
	w.really = func() {
		for _, s := range list {
			delete(w.waste, s)
		}
	}
	return w.desk.DestroyBooks(w.ctx, someone(rt, w), someone(rt, w), list, smallPicture(), "shredded")
}

// revokeBlank is a notice about one blank.
func revokeBlank(rt *rapid.T, w *world) error {
	list, ok := anySerial(rt, w)
	if !ok || !rarely(rt, "really") {
		return nil
	}
	w.really = func() {
		if w.safe[list[0]] {
			w.discard(list...)
		}
	}
	body := event.Revoked{Blanks: station.Ranges(list), Reason: "stolen"}
	return w.direct(event.NoticeRevoked, "", body, "", nil)
}
