package issuance_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/sqlite"
)

// recordedFor says how many cases the recorded station carries through before it ends; another word
// than a number has it purge, and say the word when it has.
const recordedFor = "PADAROZHNIK_RECORDED_FOR"

// disk is what stands behind a directory: what a sync has made durable, and what waits in the
// system's memory for one.
type disk struct {
	durable map[string][]byte // files whose names are durable
	fresh   map[string][]byte // durable bytes of files whose names wait for a sync of the directory
	waiting map[string][]deed // by file, in order; names that go wait under "."
	lies    bool              // a sync does nothing
}

// do carries one deed out.
func (k *disk) do(d deed) {
	switch d.what {
	case deedMake:
		k.fresh[d.file] = nil
	case deedWrite, deedCut:
		k.waiting[d.file] = append(k.waiting[d.file], d)
	case deedRemove:
		k.waiting["."] = append(k.waiting["."], d)
	case deedSync:
		if k.lies {
			return
		}
		k.sync(d.file)
	}
}

func (k *disk) sync(file string) {
	if file == "." {
		for _, gone := range k.waiting["."] {
			delete(k.durable, gone.file)
		}
		maps.Copy(k.durable, k.fresh)
		clear(k.fresh)
		delete(k.waiting, ".")
		return
	}
	where := k.durable
	if _, ok := k.fresh[file]; ok {
		where = k.fresh
	}
	where[file] = apply(where[file], k.waiting[file])
	delete(k.waiting, file)
}

// apply makes new bytes; the old ones stay as they are.
func apply(old []byte, deeds []deed) []byte {
	out := bytes.Clone(old)
	for _, d := range deeds {
		end := d.at + int64(len(d.data))
		if d.what == deedCut {
			end = d.at
		}
		if grow := end - int64(len(out)); grow > 0 {
			out = append(out, make([]byte, grow)...)
		}
		if d.what == deedCut {
			out = out[:d.at]
			continue
		}
		copy(out[d.at:], d.data)
	}
	return out
}

// cut is what the disk may hold when the power goes now: of what waits, each deed is there, is not,
// or is torn at its sectors, whatever came before or after it. A new name may be missing.
func (k *disk) cut(r *rand.Rand) map[string][]byte {
	out := map[string][]byte{}
	present := maps.Clone(k.durable)
	for file, b := range k.fresh {
		if r.IntN(2) == 0 {
			present[file] = b
		}
	}
	for _, gone := range k.waiting["."] {
		if r.IntN(2) == 0 {
			delete(present, gone.file)
		}
	}
	mood := r.IntN(4) // most cuts lose something of everything; some lose all, some nothing
	for file, b := range present {
		var kept []deed
		for _, d := range k.waiting[file] {
			switch chance := r.IntN(3); {
			case mood == 0 || mood > 1 && chance == 0:
			case mood == 1 || chance == 1 || d.what == deedCut:
				kept = append(kept, d)
			default:
				for _, s := range sectors(d.at, d.data) {
					if r.IntN(2) == 0 {
						kept = append(kept, s)
					}
				}
			}
		}
		out[file] = apply(b, kept)
	}
	return out
}

// recording is a station's work as its disk saw it.
type recording struct {
	dir   string // tokens and charter; its database is not used any more
	start *disk
	deeds []deed
	desk  *issuance.Desk // knows the keys
}

// recordWork records a station that carries some cases through.
func recordWork(t *testing.T, cases int) *recording {
	t.Helper()
	dir := must(filepath.EvalSymlinks(t.TempDir()))(t)
	if err := makeTortured(t.Context(), dir, 3); err != nil {
		t.Fatal(err)
	}
	return recordIn(t, dir, strconv.Itoa(cases))
}

func recordIn(t *testing.T, dir, work string) *recording {
	t.Helper()
	begin := must(os.ReadFile(filepath.Join(dir, "station.db")))(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), torturedIn+"="+dir, recordedFor+"="+work)
	cmd.Stdout, cmd.Stderr = nil, os.Stderr
	deeds := must(record(cmd, dir))(t)
	desk, _, err := openTortured(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = desk.Store.(*sqlite.Store).Close() })
	return &recording{dir, newDisk(begin), deeds, desk}
}

func newDisk(db []byte) *disk {
	return &disk{durable: map[string][]byte{"station.db": db}, fresh: map[string][]byte{}, waiting: map[string][]deed{}}
}

// images cuts the power n times at random moments, several times at each, and calls check with what
// the disk may hold then and with what had been acknowledged.
func (rec *recording) images(t *testing.T, n int, lies bool, check func(image map[string][]byte, w *witness) error) (bad int) {
	t.Helper()
	const seed = 9303
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	moments := make([]int, n)
	for i := range moments {
		moments[i] = r.IntN(len(rec.deeds) + 1)
	}
	slices.Sort(moments)
	k := newDisk(rec.start.durable["station.db"])
	k.lies = lies
	w := &witness{numbers: map[uint64]string{}, stages: map[station.CaseToken]station.Stage{}}
	done := 0
	for _, at := range moments {
		for ; done < at; done++ {
			if d := rec.deeds[done]; d.what == deedSaid {
				for line := range bytes.Lines(d.data) {
					w.take(t, string(bytes.TrimSpace(line)))
				}
				continue
			}
			k.do(rec.deeds[done])
		}
		if err := check(k.cut(r), w); err != nil {
			bad++
			if !lies && bad < 5 {
				t.Errorf("power cut after %d of %d calls, %d acknowledged: %v", at, len(rec.deeds), w.acked, err)
			}
		}
	}
	return bad
}

// holds starts a station from an image and looks for everything that had been acknowledged.
func (rec *recording) holds(t *testing.T, image map[string][]byte, w *witness) error {
	dir, err := lay(t, image)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, "station.db"))
	if err != nil {
		return err
	}
	defer store.Close()
	return store.View(t.Context(), func(tx issuance.Tx) error {
		entries, err := tx.Entries("")
		if err != nil {
			return err
		}
		numbers := map[uint64]string{}
		var last *journal.Signed
		for i, s := range entries {
			if err := journal.Follows(last, s); err != nil {
				return err
			}
			last, numbers[s.Entry.Sequence] = &entries[i], s.ID().String()
		}
		for number, id := range w.numbers {
			if numbers[number] != id {
				return fmt.Errorf("acknowledged entry %d is lost", number)
			}
		}
		if err := (&witness{}).blobsThere(tx, entries); err != nil {
			return err
		}
		return w.cases(tx)
	})
}

// lay writes an image into a new directory.
func lay(t *testing.T, image map[string][]byte) (string, error) {
	dir, err := os.MkdirTemp(t.TempDir(), "image-*")
	for file, b := range image {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, file), b, 0o600))
	}
	return dir, err
}

// TestTortureTornPower records a station at work and replays its writes and syncs with what was not
// synced dropped or torn. Whatever was acknowledged is on every disk that a power cut can leave.
func TestTortureTornPower(t *testing.T) {
	images, cases := 300, 4
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		images, cases = 10_000, 8
	}
	rec := recordWork(t, cases)
	check := func(image map[string][]byte, w *witness) error { return rec.holds(t, image, w) }
	if bad := rec.images(t, images, false, check); bad > 0 {
		t.Errorf("%d of %d images are bad", bad, images)
	}
	rec.syncedBeforeSaid(t)
	if bad := rec.images(t, 60, true, check); bad < 10 {
		t.Errorf("on a disk that lies about syncs only %d of 60 images are bad: the test would not see a lost commit", bad)
	}
	t.Logf("%d images of %d calls", images, len(rec.deeds))
}

// syncedBeforeSaid: between two acknowledgements the log was synced, behind its last write.
func (rec *recording) syncedBeforeSaid(t *testing.T) {
	t.Helper()
	said, syncs, dirty := 0, 0, false
	for _, d := range rec.deeds {
		switch {
		case d.what == deedWrite && d.file == "station.db-wal":
			dirty = true
		case d.what == deedSync && d.file == "station.db-wal":
			dirty, syncs = false, syncs+1
		case d.what == deedSaid:
			said++
			if dirty {
				t.Errorf("acknowledgement %d came before its sync", said)
			}
		}
	}
	if said < 10 || syncs < said-1 {
		t.Errorf("%d acknowledgements, %d syncs of the log", said, syncs)
	}
}
