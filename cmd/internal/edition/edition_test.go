package edition_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"padarozhnik/cmd/internal/edition"
	"padarozhnik/resources"
)

// The hash is the one of the file that runs, as sha256sum gives it.
func TestHashIsOfTheFileThatRuns(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := sha256.Sum256(file)
	got, err := edition.Hasher()()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want[:]) {
		t.Errorf("hash %x, the file's is %x", got, want)
	}
	if said := edition.Read().Long(); !strings.Contains(said, hex.EncodeToString(want[:])) {
		t.Errorf("--version says %q without the hash", said)
	}
}

func TestEditionInWords(t *testing.T) {
	commit := "0123456789abcdef0123456789abcdef01234567"
	for name, c := range map[string]struct {
		edition edition.Edition
		want    string
	}{
		"of a commit":         {edition.Edition{Version: "1.2.3", Commit: commit, Go: "go1.26"}, "1.2.3 (0123456789ab, go1.26)"},
		"changed since":       {edition.Edition{Version: "1.2.3", Commit: commit, Modified: true, Go: "go1.26"}, "1.2.3 (0123456789ab+, go1.26)"},
		"outside a directory": {edition.Edition{Version: "1.2.3", Go: "go1.26"}, "1.2.3 (go1.26)"},
	} {
		if got := c.edition.String(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := edition.Read(); got.Version != resources.Version() || got.Go == "" {
		t.Errorf("the running build says %+v", got)
	}
}
