package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"padarozhnik/station/issuance"
)

// inSafe counts the blanks that a person would find in the safe.
func (b *bureau) inSafe() int { return len(b.held()) }

// dayAndRaid closes the day and opens the next one, each with what must be refused before; then comes
// an emergency.
func (b *bureau) dayAndRaid() {
	b.t.Helper()
	token := func(name string) []string { return []string{"--token", b.office.Token(name)} }
	counted := func(n int) []string { return []string{"--counted", strconv.Itoa(n)} }
	call := func(words ...[]string) (out []string) {
		for _, w := range words {
			out = append(out, w...)
		}
		return out
	}
	safe := b.inSafe()
	closing := call([]string{"day", "close"}, token("A-01"))
	b.refused("stock-count", call(closing, counted(safe+1))...)
	b.ok(call(closing, counted(safe))...)
	b.ok("sync", "now")
	b.counted()
	b.refused("day-closed", call([]string{"case", "enrol", "--form", "x", "--portrait", "x"}, token("E-01"))...)
	opening := call([]string{"day", "open", "--json"}, token("A-01"), counted(safe))
	b.refused("same-person", call(opening, []string{"--witness", b.office.Token("A-01")})...)
	witnessed := call(opening, []string{"--witness", b.office.Token("C-01")})
	var checks []issuance.Check
	if err := json.Unmarshal([]byte(b.ok(witnessed...)), &checks); err != nil {
		b.t.Fatal(err)
	}
	for _, c := range checks {
		if !c.OK {
			b.t.Errorf("checklist: %+v", c)
		}
	}
	b.refused("day-open", witnessed...)
	b.raid()
}

func (b *bureau) raid() {
	b.t.Helper()
	pin := func(text string) []string {
		path := filepath.Join(b.t.TempDir(), "pin")
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			b.t.Fatal(err)
		}
		return []string{"--pin-file", path}
	}
	officers := []string{"--token", b.office.Token("A-01"), "--witness", b.office.Token("C-01")}
	set := append([]string{"purge", "set-pin"}, officers...)
	b.refused("purge-no-pin", append([]string{"purge"}, pin("95-28-41")...)...)
	b.refused("purge-weak-pin", append(set, pin("123456")...)...)
	b.ok(append(set, pin("95-28-41")...)...)
	_, _, status := b.run("case", "enrol", "--form", "x", "--portrait", "x", "--token", b.office.Token("E-01"))
	list := b.ok("case", "list", "--token", b.office.Token("E-01"))
	if status != 1 || !strings.Contains(list, "draft") {
		b.t.Fatalf("no draft to purge: %d\n%s", status, list)
	}
	b.refused("purge-pin", append([]string{"purge"}, pin("95-28-42")...)...)
	if out := b.ok(append([]string{"purge"}, pin("95-28-41")...)...); !strings.HasPrefix(out, "purged") {
		b.t.Errorf("said %q", out)
	}
	list = b.ok("case", "list", "--token", b.office.Token("E-01"))
	if strings.Contains(list, "draft") { // what is purged is over, and what is over is not listed
		b.t.Errorf("after the purge:\n%s", list)
	}
	b.ok("sync", "now")
	b.ok("journal", "verify")
}
