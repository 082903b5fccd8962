// Package softhsmtest gives tests PKCS #11 tokens in software, and ways to disturb them.
package softhsmtest

import (
	"testing"

	"padarozhnik/station/token/softhsm"
)

// New sets up a token for each label, with one user PIN, in a folder of the test, and points the library
// to it, also in programs that the test starts. Tests that use it do not run in parallel: the library
// has one configuration in a process.
func New(t testing.TB, pin string, labels ...string) softhsm.Tokens {
	t.Helper()
	tokens, err := softhsm.At(t.TempDir(), labels...)
	if err != nil {
		t.Fatalf("%v: run make deps", err)
	}
	if err := tokens.Create(t.Context(), pin); err != nil {
		t.Fatal(err)
	}
	t.Setenv(softhsm.Environment, tokens.Config)
	return tokens
}
