package station

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Optional is a field of an application that only a profile which lists it lets anybody enter.
type Optional string

// Optional fields. What is not collected cannot be taken away.
const (
	FieldPlaceOfBirth   Optional = "place-of-birth"
	FieldLocalNames     Optional = "local-names"
	FieldPatronymic     Optional = "patronymic"
	FieldPersonalNumber Optional = "personal-number"
	FieldSignature      Optional = "signature"
	FieldOldPassport    Optional = "old-passport" // its zone
	FieldOldScan        Optional = "old-passport-scan"
	FieldGuardians      Optional = "guardians"
	FieldProxies        Optional = "proxies"
)

// OptionalFields lists every one.
func OptionalFields() []Optional {
	return []Optional{
		FieldPlaceOfBirth, FieldLocalNames, FieldPatronymic, FieldPersonalNumber, FieldSignature, FieldOldPassport,
		FieldOldScan, FieldGuardians, FieldProxies,
	}
}

// EvidenceRule is what one kind of evidence is worth: the points that it adds to each question.
type EvidenceRule struct {
	Kind   string `toml:"kind" cbor:"1,keyasint" json:"kind"`
	Exists int    `toml:"exists" cbor:"2,keyasint,omitempty" json:"exists"`
	Linked int    `toml:"linked" cbor:"3,keyasint,omitempty" json:"linked"`
	Uses   int    `toml:"uses" cbor:"4,keyasint,omitempty" json:"uses"`
	Proven int    `toml:"proven" cbor:"5,keyasint,omitempty" json:"proven,omitempty"` // more on each, where its chip is authentic
	Most   int    `toml:"most" cbor:"6,keyasint,omitempty" json:"most,omitempty"`     // items that count; 0: all
}

// Rules is what a profile says of the desk: what may be entered and seen there, what evidence is worth,
// what an approver and an inspector must look at, and for how long a book waits.
type Rules struct {
	Fields    []Optional     `toml:"fields" cbor:"60,keyasint,omitempty" json:"fields,omitempty"`        // may be entered
	Masked    []Optional     `toml:"masked" cbor:"61,keyasint,omitempty" json:"masked,omitempty"`        // until asked for
	Worth     []EvidenceRule `toml:"evidence" cbor:"62,keyasint,omitempty" json:"evidence,omitempty"`    // of each kind
	MinPoints int            `toml:"min_points" cbor:"63,keyasint,omitempty" json:"minPoints,omitempty"` // on each question
	Approval  []Item         `toml:"approval" cbor:"64,keyasint,omitempty" json:"approval,omitempty"`    // the approver's checklist
	Visual    []Item         `toml:"visual" cbor:"65,keyasint,omitempty" json:"visual,omitempty"`        // the inspector's
	Vouches   int            `toml:"vouches_per_month" cbor:"66,keyasint,omitempty" json:"vouchesPerMonth,omitempty"`

	CollectDays     int  `toml:"collect_days" cbor:"67,keyasint,omitempty" json:"collectDays,omitempty"` // of a finished book
	ViewsPerDay     int  `toml:"views_per_day" cbor:"68,keyasint,omitempty" json:"viewsPerDay,omitempty"`
	LookupsPerDay   int  `toml:"lookups_per_day" cbor:"69,keyasint,omitempty" json:"lookupsPerDay,omitempty"`
	ExportsPerDay   int  `toml:"exports_per_day" cbor:"70,keyasint,omitempty" json:"exportsPerDay,omitempty"`
	WarnOfficerDays int  `toml:"warn_officer_days" cbor:"71,keyasint,omitempty" json:"warnOfficerDays,omitempty"`
	InterviewAlways bool `toml:"interview_always" cbor:"72,keyasint,omitempty" json:"interviewAlways,omitempty"`
	GuardianUnder   int  `toml:"guardian_under" cbor:"73,keyasint,omitempty" json:"guardianUnder,omitempty"` // years of age
	// Approver is the station whose officers decide on this one's cases; "" where its own do.
	Approver string `toml:"approver" cbor:"74,keyasint,omitempty" json:"approver,omitempty"`
}

// What holds where a profile is silent.
const (
	defaultCollectDays     = 90
	defaultWarnOfficerDays = 30
)

// CollectTime is how long a finished book waits for its holder.
func (r Rules) CollectTime() time.Duration {
	return time.Duration(cmp.Or(r.CollectDays, defaultCollectDays)) * 24 * time.Hour
}

// Lists tells whether an optional field may be entered.
func (r Rules) Lists(f Optional) bool { return slices.Contains(r.Fields, f) }

// Hides tells whether a field is masked until an officer asks for it.
func (r Rules) Hides(f Optional) bool { return slices.Contains(r.Masked, f) }

// check refuses rules that name what the program does not know, and numbers out of all reason.
func (r Rules) check() error {
	for _, f := range slices.Concat(r.Fields, r.Masked) {
		if !slices.Contains(OptionalFields(), f) {
			return fmt.Errorf("field %q: %w", f, ErrMalformed)
		}
	}
	for _, i := range r.Approval {
		if !slices.Contains(ApprovalItems(), i) {
			return fmt.Errorf("item of approval %q: %w", i, ErrMalformed)
		}
	}
	for _, i := range r.Visual {
		if !slices.Contains(VisualItems(), i) {
			return fmt.Errorf("item of inspection %q: %w", i, ErrMalformed)
		}
	}
	for _, w := range r.Worth {
		if w.Kind == "" || min(w.Exists, w.Linked, w.Uses, w.Proven, w.Most) < 0 {
			return fmt.Errorf("evidence %q: %w", w.Kind, ErrMalformed)
		}
	}
	for _, n := range []int{
		r.MinPoints, r.Vouches, r.CollectDays, r.ViewsPerDay, r.LookupsPerDay, r.ExportsPerDay, r.WarnOfficerDays,
		r.GuardianUnder,
	} {
		if n < 0 || n > 10_000 {
			return fmt.Errorf("limits of the desk: %w", ErrMalformed)
		}
	}
	return nil
}
