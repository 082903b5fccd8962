package station

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Stage says how far a case has come.
type Stage string

// Stages of a case.
const (
	StageDraft     Stage = "draft"
	StageSubmitted Stage = "submitted"
	StageReturned  Stage = "returned"
	StageRefused   Stage = "refused"
	StageApproved  Stage = "approved"
	StageOrdered   Stage = "ordered"
	StageProducing Stage = "producing"
	StagePassed    Stage = "passed"
	StageSpoiled   Stage = "spoiled"
	StageHanded    Stage = "handed"
	StageClosed    Stage = "closed"
	StagePurged    Stage = "purged" // its keys were destroyed in an emergency
)

// Stages lists the stages of a case that goes well, in order.
func Stages() []Stage {
	return []Stage{
		StageDraft, StageSubmitted, StageApproved, StageOrdered, StageProducing, StagePassed, StageHanded, StageClosed,
	}
}

// Case is what the office knows of an application without opening it. It holds no personal data:
// key identifiers say who acted.
type Case struct {
	Token    CaseToken `cbor:"1,keyasint" json:"token"`
	Stage    Stage     `cbor:"2,keyasint" json:"stage"`
	Serial   Serial    `cbor:"3,keyasint" json:"serial,omitempty"` // the blank bound to it
	Enrolled string    `cbor:"4,keyasint" json:"enrolledBy"`
	Approved string    `cbor:"5,keyasint" json:"approvedBy,omitempty"`
	Operated string    `cbor:"6,keyasint" json:"operatedBy,omitempty"`
	Passed   string    `cbor:"7,keyasint" json:"inspectedBy,omitempty"`
	Handed   string    `cbor:"8,keyasint" json:"handedBy,omitempty"`
	Opened   int64     `cbor:"9,keyasint" json:"opened"` // unix seconds
	Spoiled  []Serial  `cbor:"10,keyasint" json:"spoiled,omitempty"`
}

// NewCase opens a draft.
func NewCase(token CaseToken, by Officer, now time.Time) (Case, error) {
	if err := by.May(RoleEnrol, DateOf(now)); err != nil {
		return Case{}, err
	}
	return Case{Token: token, Stage: StageDraft, Enrolled: by.KeyID, Opened: now.Unix()}, nil
}

func (c Case) at(verb string, stages ...Stage) error {
	if slices.Contains(stages, c.Stage) {
		return nil
	}
	return fmt.Errorf("%s a case that is %s: %w", verb, c.Stage, ErrStage)
}

// Edit allows the officer who enrolled to change a draft or a returned case.
func (c Case) Edit(by Officer, now time.Time) error {
	if err := c.at("edit", StageDraft, StageReturned); err != nil {
		return err
	}
	if err := by.May(RoleEnrol, DateOf(now)); err != nil {
		return err
	}
	if by.KeyID != c.Enrolled {
		return fmt.Errorf("edit: the officer who enrolled: %w", ErrRole)
	}
	return nil
}

// Submit closes the draft if nothing is missing.
func (c Case) Submit(by Officer, a Application, p Profile, now time.Time) (Case, error) {
	if err := c.Edit(by, now); err != nil {
		return c, err
	}
	if missing := a.Missing(p, DateOf(now)); len(missing) > 0 {
		return c, &IncompleteError{missing}
	}
	c.Stage = StageSubmitted
	return c, nil
}

// MayDecide allows an approving officer who did not enrol.
func (c Case) MayDecide(by Officer, now time.Time) error {
	if err := c.at("decide on", StageSubmitted, StageSpoiled); err != nil {
		return err
	}
	if err := by.May(RoleApprove, DateOf(now)); err != nil {
		return err
	}
	if by.KeyID == c.Enrolled {
		return fmt.Errorf("approve: %w", ErrSamePerson)
	}
	return nil
}

// Approve accepts the application and binds a blank to it. A spoiled case is approved again for
// another blank.
func (c Case) Approve(by Officer, blank Serial, reason string, now time.Time) (Case, error) {
	if err := c.MayDecide(by, now); err != nil {
		return c, err
	}
	if err := checkReason(reason); err != nil {
		return c, err
	}
	if err := blank.Check(); err != nil {
		return c, err
	}
	if slices.Contains(c.Spoiled, blank) {
		return c, fmt.Errorf("approve: a spoiled blank: %w", ErrNotOurs)
	}
	c.Stage, c.Serial, c.Approved = StageApproved, blank, by.KeyID
	c.Operated, c.Passed = "", ""
	return c, nil
}

// Return sends the case back to its enrollment officer with what is wrong.
func (c Case) Return(by Officer, remark string, now time.Time) (Case, error) {
	if err := c.at("return", StageSubmitted); err != nil {
		return c, err
	}
	if err := c.MayDecide(by, now); err != nil {
		return c, err
	}
	if err := checkReason(remark); err != nil {
		return c, err
	}
	c.Stage = StageReturned
	return c, nil
}

// Refuse ends the case.
func (c Case) Refuse(by Officer, reason string, now time.Time) (Case, error) {
	if err := c.MayDecide(by, now); err != nil {
		return c, err
	}
	if err := checkReason(reason); err != nil {
		return c, err
	}
	c.Stage = StageRefused
	return c, nil
}

func checkReason(reason string) error {
	if len(strings.TrimSpace(reason)) < 3 {
		return ErrReason
	}
	return nil
}

// Order records that headquarters' production order for this case and blank has arrived.
func (c Case) Order(blank Serial) (Case, error) {
	if err := c.at("order", StageApproved); err != nil {
		return c, err
	}
	if blank != c.Serial {
		return c, fmt.Errorf("order: %w", ErrNotOurs)
	}
	c.Stage = StageOrdered
	return c, nil
}

// MaySign allows an officer who approves and did not enrol to have the order made with the office's own
// document signer.
func (c Case) MaySign(by Officer, now time.Time) error {
	if err := c.at("sign the order of", StageApproved); err != nil {
		return err
	}
	if err := by.May(RoleApprove, DateOf(now)); err != nil {
		return err
	}
	if by.KeyID == c.Enrolled {
		return fmt.Errorf("sign the order: %w", ErrSamePerson)
	}
	return nil
}

// Produce begins or continues the work on the booklet.
func (c Case) Produce(by Officer, now time.Time) (Case, error) {
	if err := c.at("produce", StageOrdered, StageProducing); err != nil {
		return c, err
	}
	if err := by.May(RoleOperate, DateOf(now)); err != nil {
		return c, err
	}
	c.Stage, c.Operated = StageProducing, by.KeyID
	return c, nil
}

// Pass records a good inspection by an officer who did not operate.
func (c Case) Pass(by Officer, now time.Time) (Case, error) {
	if err := c.MayInspect(by, now); err != nil {
		return c, err
	}
	c.Stage, c.Passed = StagePassed, by.KeyID
	return c, nil
}

// MayInspect allows an inspecting officer who did not operate.
func (c Case) MayInspect(by Officer, now time.Time) error {
	if err := c.at("inspect", StageProducing); err != nil {
		return err
	}
	if err := by.May(RoleInspect, DateOf(now)); err != nil {
		return err
	}
	if by.KeyID == c.Operated {
		return fmt.Errorf("inspect: %w", ErrSamePerson)
	}
	return nil
}

// Spoil records that the booklet cannot become a passport. The case waits for another blank.
func (c Case) Spoil(reason string) (Case, error) {
	if err := c.at("spoil", StageProducing, StagePassed); err != nil {
		return c, err
	}
	if err := checkReason(reason); err != nil {
		return c, err
	}
	c.Stage = StageSpoiled
	c.Spoiled = append(slices.Clone(c.Spoiled), c.Serial)
	return c, nil
}

// HandOver gives the passport to its holder, who is present and matches the chip's portrait.
func (c Case) HandOver(by Officer, present, match bool, now time.Time) (Case, error) {
	if err := c.at("hand over", StagePassed); err != nil {
		return c, err
	}
	if err := by.May(RoleEnrol, DateOf(now)); err != nil {
		return c, err
	}
	if !present || !match {
		return c, fmt.Errorf("hand over: holder present and matching: %w", ErrIncomplete)
	}
	c.Stage, c.Handed = StageHanded, by.KeyID
	return c, nil
}

// Close ends the case once headquarters holds everything.
func (c Case) Close() (Case, error) {
	if err := c.at("close", StageHanded, StageRefused); err != nil {
		return c, err
	}
	c.Stage = StageClosed
	return c, nil
}

// Open tells whether the office still has work with the case.
func (c Case) Open() bool { return c.Stage != StageClosed && c.Stage != StagePurged }
