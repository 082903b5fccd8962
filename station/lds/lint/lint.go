// Package lint judges the files of a passport chip, its signer and its country's certificates
// against the standard, check by check (ICAO Doc 9303-10, 9303-11 and 9303-12). It asks what the
// ICAO technical report on RF and protocol testing asks in its part 3, of the logical data
// structure, and part 5, of the certificates and lists.
//
// Reading a passport and judging one are different trades. The parsers of lds and pki are tolerant,
// since a border must read what is there; here nothing is forgiven, because what is judged is about
// to be handed over. So this package looks at the bytes itself where the parsers look past them.
//
// Identifiers are this program's own ("SOD-13"): a group, named after its file, and a number that
// stays. The report's numbers are not claimed. Each check names the clause it rests on.
//
// One defect turns one check red. A check whose ground is missing, because the file is not there or
// an earlier check has failed, does not apply. What was found is told in numbers, tags and names of
// mechanisms: never a value of a person, nor a byte of a file.
package lint

import (
	"fmt"
	"slices"
	"time"
)

// Result is the outcome of a check.
type Result string

// Outcomes.
const (
	Pass          Result = "pass"
	Fail          Result = "fail"
	NotApplicable Result = "n/a"
)

// Check is one question and its answer.
type Check struct {
	ID     string `json:"id"`
	Clause string `json:"clause"`
	Asks   string `json:"asks"`
	Result Result `json:"result"`
	Found  string `json:"found,omitempty"`
}

// Report is all checks, in order of file.
type Report struct {
	Checks []Check `json:"checks"`
}

// OK reports whether no check failed and at least one passed.
func (r Report) OK() bool {
	return len(r.Failed()) == 0 && r.Count(Pass) > 0
}

// Failed returns the identifiers of the checks that failed.
func (r Report) Failed() []string {
	var ids []string
	for _, c := range r.Checks {
		if c.Result == Fail {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// Count returns how many checks have an outcome.
func (r Report) Count(outcome Result) int {
	n := 0
	for _, c := range r.Checks {
		if c.Result == outcome {
			n++
		}
	}
	return n
}

// Trust is what the country publishes, in DER: its CSCA certificates, roots and links, and its
// revocation lists.
type Trust struct {
	CSCA, CRL [][]byte
}

// Lint judges whole files by name ("DG1", "EF.SOD", "EF.ATR-INFO") and the country's certificates
// at a date. Files that the package does not know are left alone.
func Lint(files map[string][]byte, trust Trust, at time.Time) Report {
	s := newSubject(files, trust, at)
	var r Report
	for _, rule := range rules() {
		f := rule.test(s)
		s.failed[rule.id] = f.result == Fail
		r.Checks = append(r.Checks, Check{rule.id, rule.clause, rule.asks, f.result, f.found})
	}
	return r
}

// rule is a check before it is asked.
type rule struct {
	id, clause, asks string
	test             func(*subject) finding
}

// rules is the table of all checks. Later ones may ask whether an earlier one failed.
func rules() []rule {
	return slices.Concat(comRules(), dg1Rules(), dg2Rules(), face19794Rules(), face39794Rules(),
		detailRules("DG11", 0x6B), detailRules("DG12", 0x6C), dg14Rules(), dg15Rules(), accessRules(), atrRules(),
		sodRules(), cscaRules(), dscRules(), crlRules(), securityRules())
}

type finding struct {
	result Result
	found  string
}

// judge turns a condition into a finding; the text says what was found either way.
func judge(ok bool, format string, args ...any) finding {
	result := Fail
	if ok {
		result = Pass
	}
	return finding{result, fmt.Sprintf(format, args...)}
}

func fail(format string, args ...any) finding { return judge(false, format, args...) }

// skip is a check that does not apply.
func skip(why string) finding { return finding{NotApplicable, why} }

// on asks a question about a part of the subject, where that part is there.
func on[T any](part func(*subject) *T, test func(*subject, *T) finding) func(*subject) finding {
	return func(s *subject) finding {
		p := part(s)
		if p == nil {
			return skip("not there, or an earlier check failed")
		}
		return test(s, p)
	}
}
