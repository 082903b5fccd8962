package ui_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/ui"
)

// TestNextWithDraft: a draft is signed by an officer who approves and did not enrol, as soon as
// headquarters lets it be; until then the office asks headquarters.
func TestNextWithDraft(t *testing.T) {
	enroller := station.Officer{KeyID: "e", Roles: []station.Role{station.RoleEnrol, station.RoleApprove}}
	approver := station.Officer{KeyID: "a", Roles: []station.Role{station.RoleApprove}}
	operator := station.Officer{KeyID: "o", Roles: []station.Role{station.RoleOperate}}
	c := station.Case{Stage: station.StageApproved, Enrolled: "e"}
	for _, tc := range []struct {
		name    string
		draft   issuance.Draft
		by      station.Officer
		verb    string
		instead []string
		refused error
	}{
		{"no draft", issuance.Draft{}, approver, "order", nil, nil},
		{"not cleared", issuance.Draft{There: true}, approver, "order", []string{"pass-on"}, nil},
		{"cleared", issuance.Draft{There: true, Ready: true}, approver, "sign", []string{"pass-on"}, nil},
		{"by who enrolled", issuance.Draft{There: true, Ready: true}, enroller, "sign", []string{"pass-on"}, station.ErrSamePerson},
		{"by an operator", issuance.Draft{There: true, Ready: true}, operator, "sign", []string{"pass-on"}, station.ErrRole},
	} {
		verb, instead, err := ui.NextWithDraft(c, tc.draft, tc.by, noon)
		if verb != tc.verb || !slices.Equal(instead, tc.instead) || !errors.Is(err, tc.refused) {
			t.Errorf("%s: %s, %v, %v", tc.name, verb, instead, err)
		}
	}
}

// TestSignByTyping asks for the signer's PIN, gives it once and says what came of it.
func TestSignByTyping(t *testing.T) {
	o := newOffice(t)
	var given []string
	o.deps.Sign = func(_ context.Context, seat issuance.Seat, _ station.CaseToken, pin []byte) error {
		given = append(given, seat.Officer.Pseudonym+" "+string(pin))
		return issuance.ErrTokenPIN
	}
	o.open()
	o.enter("A-01")
	o.window.AskSign()
	pin := find[*widget.Entry](o, func(e *widget.Entry) bool { return e.Password })
	answer := find[*widget.Button](o, func(b *widget.Button) bool { return b.Text == o.text("ui.verb.sign") })
	if !answer.Disabled() {
		t.Error("no PIN can be given")
	}
	test.Type(pin, "482915")
	o.pass()
	pin.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if !slices.Equal(given, []string{"A-01 482915"}) {
		t.Errorf("given %q", given)
	}
	if pin.Text != "" {
		t.Error("the PIN stays in its field")
	}
	find[*widget.Label](o, func(l *widget.Label) bool { return l.Text == o.text("cure.token-pin") })
}
