package softhsmtest

import (
	"errors"
	"testing"

	"github.com/miekg/pkcs11"
)

// PullOut closes all sessions with the tokens through a second door of the library, as a token does that
// is pulled out or resets. The library must have been started in this process.
func PullOut(t testing.TB, library string) {
	t.Helper()
	ctx := pkcs11.New(library)
	defer ctx.Destroy()
	slots, err := ctx.GetSlotList(true)
	if err != nil {
		t.Fatal(err)
	}
	for _, slot := range slots {
		if err := ctx.CloseAllSessions(slot); err != nil {
			t.Fatal(err)
		}
	}
}

// Find lists the objects that have an attribute.
func Find(t testing.TB, ctx *pkcs11.Ctx, session pkcs11.SessionHandle, a *pkcs11.Attribute) []pkcs11.ObjectHandle {
	t.Helper()
	if err := ctx.FindObjectsInit(session, []*pkcs11.Attribute{a}); err != nil {
		t.Fatal(err)
	}
	found, _, err := ctx.FindObjects(session, 100)
	if err := errors.Join(err, ctx.FindObjectsFinal(session)); err != nil {
		t.Fatal(err)
	}
	return found
}
