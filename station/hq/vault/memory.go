package vault

import (
	"fmt"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
)

// Kinds of entries in the diary. The subject is a case token where there is one.
const (
	kindUnsealed  = "case.unsealed" // about to be opened; blob: what
	kindIndexed   = "case.indexed"
	kindSuspected = "case.suspected"
	kindProposed  = "verdict.proposed"
	kindWitnessed = "verdict.witnessed"
	kindReading   = "reading.proposed"
	kindLeave     = "reading.witnessed"
)

// Reasons for which a case is opened.
const (
	whyOrder   = "order"
	whyReview  = "review"  // two officers compare it with another
	whyReindex = "reindex" // its marks were lost
)

type unsealed struct {
	Station string `cbor:"1,keyasint"`
	Why     string `cbor:"2,keyasint"`
}

// indexed is by what a case will be recognised.
type indexed struct {
	Station string       `cbor:"1,keyasint"`
	Book    mark         `cbor:"2,keyasint"`           // the number that it was to get
	Former  *mark        `cbor:"3,keyasint,omitempty"` // the old passport that it names
	Expiry  station.Date `cbor:"4,keyasint"`
	Exact   []marked     `cbor:"5,keyasint"`
	Near    []mark       `cbor:"6,keyasint"` // likenesses of the name
	Birth   []mark       `cbor:"7,keyasint"` // likenesses of the birth date

	Vouchers []mark `cbor:"60,keyasint,omitempty"` // who vouched
}

// marked is a mark with the word for what it is.
type marked struct {
	Word string `cbor:"1,keyasint"`
	Mark mark   `cbor:"2,keyasint"`
}

// Likeness is a case that an application looks like, and the words for what they share.
type Likeness struct {
	Case  station.CaseToken `cbor:"1,keyasint" json:"case"`
	Words []string          `cbor:"2,keyasint" json:"words"`
}

type suspected struct {
	Station string     `cbor:"1,keyasint"`
	Like    []Likeness `cbor:"2,keyasint"`
}

// Verdict is what two officers found of a suspicion.
type Verdict string

// Verdicts.
const (
	VerdictClear     Verdict = "clear"
	VerdictDuplicate Verdict = "duplicate"
)

// finding is the body of both halves of a verdict.
type finding struct {
	Verdict Verdict `cbor:"1,keyasint"`
	Reason  string  `cbor:"2,keyasint"` // a word
	SPKI    []byte  `cbor:"3,keyasint"` // of who signs
}

// Reading is what two officers allow: to open the named cases, or some number of any. After is the
// newest opening that the ledger pins and a lost diary would have held; zero where none was lost.
type Reading struct {
	Cases    []station.CaseToken `cbor:"1,keyasint"`
	Openings int                 `cbor:"2,keyasint"`
	Reason   string              `cbor:"3,keyasint"` // a word
	After    journal.Hash        `cbor:"4,keyasint"`
	SPKI     []byte              `cbor:"5,keyasint"`
}

// leaveLasts is how long a reading that two officers allowed may go on.
const leaveLasts = 24 * time.Hour

// memory is what the diary's entries add up to.
type memory struct {
	index
	vouches
	ids       map[journal.Hash]bool
	openings  []int64              // times, oldest first
	times     map[journal.Hash]int // openings of one blob
	proposals map[journal.Hash]journal.Signed
	cases     map[station.CaseToken]*remembered
	leaves    []leave
}

// remembered is a case as the diary knows it.
type remembered struct {
	station string
	like    []Likeness
	verdict Verdict
	reason  string
	by      [2]string // key identifiers
}

// leave is a reading in force.
type leave struct {
	Reading
	at int64
	by [2]string
}

func newMemory() memory {
	return memory{
		index: newIndex(), vouches: vouches{}, ids: map[journal.Hash]bool{}, times: map[journal.Hash]int{},
		proposals: map[journal.Hash]journal.Signed{}, cases: map[station.CaseToken]*remembered{},
	}
}

func (m *memory) caseOf(token string) *remembered {
	c := m.cases[station.CaseToken(token)]
	if c == nil {
		c = &remembered{}
		m.cases[station.CaseToken(token)] = c
	}
	return c
}

// remember takes in one verified entry.
func (m *memory) remember(s journal.Signed) error {
	e := s.Entry
	switch e.Kind {
	case kindUnsealed:
		m.openings = append(m.openings, e.Time)
		if e.Blob != nil {
			m.times[e.Blob.Digest]++
		}
		m.ids[s.ID()] = true
	case kindIndexed:
		var body indexed
		if err := journal.Decode(e.Body, &body); err != nil {
			return err
		}
		m.add(station.CaseToken(e.Subject), body)
		m.stand(station.CaseToken(e.Subject), body.Vouchers, e.Time)
	case kindSuspected:
		var body suspected
		if err := journal.Decode(e.Body, &body); err != nil {
			return err
		}
		c := m.caseOf(e.Subject)
		c.station, c.like, c.verdict = body.Station, body.Like, ""
	case kindProposed, kindReading:
		m.proposals[s.ID()] = s
	case kindWitnessed:
		return m.witnessed(e)
	case kindLeave:
		return m.allowed(e)
	}
	return nil
}

// second returns what an entry witnesses, if it stands for the same and is of another person.
func (m *memory) second(e journal.Entry, kind string) (journal.Entry, error) {
	first, ok := m.proposals[e.Pair]
	p := first.Entry
	if !ok || p.Kind != kind || p.Actor == e.Actor || p.Subject != e.Subject {
		return p, fmt.Errorf("%s: %w: not the second half of a proposal", e.Kind, ErrDiary)
	}
	delete(m.proposals, e.Pair)
	return p, nil
}

func (m *memory) witnessed(e journal.Entry) error {
	p, err := m.second(e, kindProposed)
	if err != nil {
		return err
	}
	var one, two finding
	if err := decodeBoth(p, e, &one, &two); err != nil {
		return err
	}
	if one.Verdict != two.Verdict || one.Reason != two.Reason {
		return fmt.Errorf("%w: the halves of a verdict differ", ErrDiary)
	}
	c := m.caseOf(e.Subject)
	c.verdict, c.reason, c.by = one.Verdict, one.Reason, [2]string{p.Actor, e.Actor}
	return nil
}

func (m *memory) allowed(e journal.Entry) error {
	p, err := m.second(e, kindReading)
	if err != nil {
		return err
	}
	var one, two Reading
	if err := decodeBoth(p, e, &one, &two); err != nil {
		return err
	}
	if one.Openings != two.Openings || one.Reason != two.Reason || one.After != two.After ||
		fmt.Sprint(one.Cases) != fmt.Sprint(two.Cases) {
		return fmt.Errorf("%w: the halves of a reading differ", ErrDiary)
	}
	m.leaves = append(m.leaves, leave{Reading: one, at: e.Time, by: [2]string{p.Actor, e.Actor}})
	return nil
}

func decodeBoth(a, b journal.Entry, intoA, intoB any) error {
	if err := journal.Decode(a.Body, intoA); err != nil {
		return err
	}
	return journal.Decode(b.Body, intoB)
}

// spkiOf reads the key that an officer's entry brings along.
func spkiOf(e journal.Entry) ([]byte, error) {
	var f finding
	var r Reading
	switch e.Kind {
	case kindProposed, kindWitnessed:
		return decoded(e, &f, &f.SPKI)
	case kindReading, kindLeave:
		return decoded(e, &r, &r.SPKI)
	}
	return nil, journal.ErrUnknownKey
}

func decoded(e journal.Entry, into any, spki *[]byte) ([]byte, error) {
	if err := journal.Decode(e.Body, into); err != nil {
		return nil, err
	}
	return *spki, nil
}
