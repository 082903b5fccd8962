package issuance_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"

	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/jp2"
	"padarozhnik/station/sqlite"
	"padarozhnik/station/token"
)

// torturedIn names the directory of a station in which this test binary, started again, works until it
// is killed.
const torturedIn = "PADAROZHNIK_TORTURED_IN"

func TestMain(m *testing.M) {
	if status, ok := jp2.Serve(os.Args, os.Stdin, os.Stdout); ok {
		os.Exit(status)
	}
	if dir := os.Getenv(batchIn); dir != "" {
		if err := batchLife(context.Background(), dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv(torturedIn); dir != "" {
		life := another
		if end, ok := ends[os.Getenv(endOfLine)]; ok {
			life = end
		}
		if err := life(context.Background(), dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// another is the life of this binary as a station: without an end, or recorded, or for one purge.
func another(ctx context.Context, dir string) error {
	work := os.Getenv(recordedFor)
	if work == "" {
		return tortured(ctx, dir, 1<<30, os.Stdout)
	}
	if err := surrender(3); err != nil {
		return err
	}
	cases, err := strconv.Atoi(work)
	if err == nil {
		return tortured(ctx, dir, cases, os.Stdout)
	}
	d, seats, err := openTortured(ctx, dir)
	if err != nil {
		return err
	}
	for range 6 { // a day's work: the log is long, and full of what is locked away
		if err := d.Store.Update(ctx, turnAll); err != nil {
			return err
		}
	}
	switch work {
	case sayPurged:
		err = d.Purge(ctx, pin, pin)
	case sayWithdrawn:
		err = withdrawAll(ctx, d, seats["E"])
	}
	if err != nil {
		return err
	}
	fmt.Println(work)
	return d.Store.(*sqlite.Store).Close()
}

// Words of a recorded station: what it does, and says when it is done.
const (
	sayPurged    = "purged"
	sayWithdrawn = "withdrawn"
)

func withdrawAll(ctx context.Context, d *issuance.Desk, by issuance.Seat) error {
	board, err := d.Board(ctx)
	for _, c := range board.Cases {
		err = errors.Join(err, d.Withdraw(ctx, by, c.Token))
	}
	return err
}

// turnAll saves every folder with its sealed bytes turned round: done twice, it is as it was, and the
// log holds all of it.
func turnAll(tx issuance.Tx) error {
	cases, err := tx.Cases()
	for _, c := range cases {
		f, folderErr := tx.Folder(c.Token)
		slices.Reverse(f.Sealed)
		err = errors.Join(err, folderErr, tx.PutFolder(f))
	}
	return err
}

var torturedOfficers = map[string][]station.Role{
	"E": {station.RoleEnrol}, "A": {station.RoleApprove, station.RoleCustody}, "C": {station.RoleCustody},
}

const torturedSecret = "open sesame"

// makeTortured makes a station without headquarters and devices: tokens, charter, blanks, an open day.
// also may change the charter before it is adopted.
func makeTortured(ctx context.Context, dir string, blanks int, also ...func(*station.Charter) error) error {
	c := station.Charter{Version: 1, Station: stationID}
	if err := toml.Unmarshal(resources.UtopiaProfile, &c.Profile); err != nil {
		return err
	}
	c.Profile.MaxOpenCases = 1 << 20
	c.Profile.ViewsPerDay = 0
	for _, name := range []string{"E", "A", "C", "station", "vault"} {
		k, err := token.Create(filepath.Join(dir, name+".token"), []byte(torturedSecret),
			token.Options{Passes: 1, MemoryKiB: 64, Lanes: 1})
		if err != nil {
			return err
		}
		spki, err := x509.MarshalPKIXPublicKey(k.Public())
		if err != nil {
			return err
		}
		switch roles := torturedOfficers[name]; {
		case name == "station":
			c.StationID = k.KeyID()
		case name == "vault":
			c.Vault, c.VaultSPKI = k.HPKEPublic(), spki
		default:
			c.Officers = append(c.Officers, station.Officer{
				Pseudonym: name, KeyID: k.KeyID(), Roles: roles, SPKI: spki, HPKE: k.HPKEPublic(),
			})
		}
		if err := k.Close(); err != nil {
			return err
		}
	}
	for _, change := range also {
		if err := change(&c); err != nil {
			return err
		}
	}
	raw, err := journal.Encode(c)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "charter"), raw, 0o600); err != nil {
		return err
	}
	d, seats, err := openTortured(ctx, dir)
	if err != nil {
		return err
	}
	err = d.Store.Update(ctx, func(tx issuance.Tx) error {
		for i := range blanks {
			b := station.Booklet{Serial: station.Serial(fmt.Sprintf("UT%07d", i)), State: station.StateAvailable}
			if err := tx.PutBooklet(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = d.OpenDay(ctx, seats["A"], seats["C"], blanks)
	return errors.Join(err, d.Store.(*sqlite.Store).Close())
}

// openTortured opens the station as after a start of the program.
func openTortured(ctx context.Context, dir string) (*issuance.Desk, map[string]issuance.Seat, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "charter"))
	if err != nil {
		return nil, nil, err
	}
	d := &issuance.Desk{Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	if err := journal.Decode(raw, &d.Charter); err != nil {
		return nil, nil, err
	}
	if d.Vault, err = seal.ParsePublic(d.Charter.Vault); err != nil {
		return nil, nil, err
	}
	store, err := sqlite.Open(ctx, filepath.Join(dir, "station.db"))
	if err != nil {
		return nil, nil, err
	}
	d.Store = store
	open := func(name string) (*token.File, error) {
		return token.Open(filepath.Join(dir, name+".token"), []byte(torturedSecret))
	}
	if d.Key, err = open("station"); err != nil {
		return nil, nil, err
	}
	if err := d.Adopt(ctx); err != nil {
		return nil, nil, err
	}
	seats := map[string]issuance.Seat{}
	for name := range torturedOfficers {
		k, err := open(name)
		if err != nil {
			return nil, nil, err
		}
		if seats[name], err = d.SignIn(k); err != nil {
			return nil, nil, err
		}
	}
	return d, seats, nil
}

// tortured enrols, submits and refuses, case after case, and says each thing that was acknowledged: the
// case, its stage, and number and identity of the last entry.
func tortured(ctx context.Context, dir string, cases int, out io.Writer) error {
	d, seats, err := openTortured(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "ready")
	for range cases {
		if err := carryThrough(ctx, d, seats, out); err != nil {
			return err
		}
	}
	return nil
}

// carryThrough takes one case from its enrolment to its refusal.
func carryThrough(ctx context.Context, d *issuance.Desk, seats map[string]issuance.Seat, out io.Writer) error {
	picture := make([]byte, 20_000)
	var token station.CaseToken
	for _, verb := range []func() error{
		func() (err error) { token, err = d.Enrol(ctx, seats["E"]); return err },
		func() error { return d.Amend(ctx, seats["E"], token, "person", complete) },
		func() error {
			return d.Amend(ctx, seats["E"], token, "portrait", func(a *station.Application) error {
				a.Portrait = picture
				zone, err := station.Zone(d.Charter.Profile, person(), "UT0031416",
					station.Date{Year: 2016, Month: 1, Day: 2}, station.Date{Year: 2026, Month: 1, Day: 1})
				a.OldPassport = &station.OldPassport{MRZ: zone, Typed: true}
				return err
			})
		},
		func() error { return d.Submit(ctx, seats["E"], token) },
		func() error { return d.Refuse(ctx, seats["A"], token, "a test of power") },
	} {
		if err := verb(); err != nil {
			return err
		}
		if err := acknowledge(ctx, d, token, out); err != nil {
			return err
		}
	}
	return nil
}

func acknowledge(ctx context.Context, d *issuance.Desk, token station.CaseToken, out io.Writer) error {
	return d.Store.View(ctx, func(tx issuance.Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		last, err := tx.Last()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "ack %s %s %d %s\n", token, f.Case.Stage, last.Entry.Sequence, last.ID())
		return err
	})
}

// witness holds what a station has acknowledged in all its lives.
type witness struct {
	numbers map[uint64]string // identity of the entry at each number
	stages  map[station.CaseToken]station.Stage
	acked   int
	said    string          // the last line that was no acknowledgement
	kept    *journal.Signed // the last entry of the part that has been verified
	at      int
	gone    func(journal.Blob) bool // tells a blob that the station may have erased; nil for none
}

// life lets the station work and kills it after a time; it returns what was acknowledged.
func (w *witness) life(t *testing.T, dir string, after time.Duration) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), torturedIn+"="+dir)
	cmd.Stderr = os.Stderr
	pipe := must(cmd.StdoutPipe())(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(pipe)
	read := func() (string, bool) {
		line, err := lines.ReadString('\n')
		return strings.TrimSpace(line), err == nil // half a line was not said
	}
	if after > 0 {
		if line, ok := read(); !ok || line != "ready" {
			t.Fatalf("the station does not start: %q", line)
		}
	}
	timer := time.AfterFunc(max(after, 30*time.Millisecond), func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	for {
		line, ok := read()
		if !ok {
			break
		}
		w.take(t, line)
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the station was not killed: %v", err)
	}
}

func (w *witness) take(t *testing.T, line string) {
	var token, stage, id string
	var number uint64
	if !strings.HasPrefix(line, "ack ") {
		w.said = line
		return
	}
	if _, err := fmt.Sscanf(line, "ack %s %s %d %s", &token, &stage, &number, &id); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	if had, ok := w.numbers[number]; ok && had != id {
		t.Errorf("number %d was given twice", number)
	}
	w.numbers[number], w.stages[station.CaseToken(token)] = id, station.Stage(stage)
	w.acked++
}

// check opens the station again and holds it against everything that was ever acknowledged.
func (w *witness) check(t *testing.T, dir string) {
	t.Helper()
	ctx := t.Context()
	d, _, err := openTortured(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Store.(*sqlite.Store).Close() }()
	err = d.Store.View(ctx, func(tx issuance.Tx) error {
		entries, err := tx.Entries("")
		if err != nil {
			return err
		}
		numbers := map[uint64]string{}
		for _, s := range entries {
			id := s.ID().String()
			if had, ok := w.numbers[s.Entry.Sequence]; ok && had != id {
				t.Errorf("number %d is another entry than before", s.Entry.Sequence)
			}
			numbers[s.Entry.Sequence] = id
		}
		for n := range w.numbers {
			if numbers[n] == "" {
				t.Errorf("acknowledged entry %d is lost", n)
			}
		}
		w.numbers = numbers
		return errors.Join(w.follow(d, entries), w.blobsThere(tx, entries), w.cases(tx))
	})
	if err != nil {
		t.Error(err)
	}
}

// follow verifies the part of the chain that is new.
func (w *witness) follow(d *issuance.Desk, entries []journal.Signed) error {
	v := journal.NewVerifier(stationID, d.KeyOf, w.kept)
	for _, s := range entries[w.at:] {
		if err := v.Next(s); err != nil {
			return err
		}
	}
	if last, ok := v.Last(); ok {
		w.kept, w.at = &last, len(entries)
	}
	return nil
}

// blobsThere: whatever an entry names that is not safe at headquarters must be there, whole.
func (w *witness) blobsThere(tx issuance.Tx, entries []journal.Signed) error {
	for _, s := range entries {
		if s.Entry.Blob == nil {
			continue
		}
		data, err := tx.Blob(s.Entry.Blob.Digest)
		if errors.Is(err, issuance.ErrUnknown) && w.gone != nil && w.gone(*s.Entry.Blob) {
			continue
		}
		if err != nil || sha256.Sum256(data) != s.Entry.Blob.Digest {
			return fmt.Errorf("blob of entry %d: %v", s.Entry.Sequence, err)
		}
	}
	return nil
}

func (w *witness) cases(tx issuance.Tx) error {
	order := map[station.Stage]int{station.StageDraft: 0, station.StageSubmitted: 1, station.StageRefused: 2}
	for token, stage := range w.stages {
		f, err := tx.Folder(token)
		if err != nil || order[f.Case.Stage] < order[stage] {
			return fmt.Errorf("case %s was %s, is %s: %v", token, stage, f.Case.Stage, err)
		}
	}
	return nil
}

// TestTortureKill kills a station that works, again and again, at any moment, also while it recovers
// from the last kill. No acknowledged commit may be lost, no number given twice; the chain verifies
// and every blob is there.
func TestTortureKill(t *testing.T) {
	kills := 25
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		kills = 500
	}
	dir := t.TempDir()
	if err := makeTortured(t.Context(), dir, 3); err != nil {
		t.Fatal(err)
	}
	w := &witness{numbers: map[uint64]string{}, stages: map[station.CaseToken]station.Stage{}}
	for i := range kills {
		after := time.Duration(1+rand.IntN(250)) * time.Millisecond
		if i%8 == 7 {
			after = 0 // before it has started
		}
		w.life(t, dir, after)
		w.check(t, dir)
		if t.Failed() {
			t.Fatalf("at kill %d", i)
		}
	}
	if w.acked < 2*kills {
		t.Errorf("only %d acknowledgements in %d lives", w.acked, kills)
	}
	t.Logf("%d kills, %d acknowledgements, %d entries", kills, w.acked, len(w.numbers))
}
