package issuance_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/sqlite"
)

// freed looks at the bytes that files give back to the disk when they are cut or removed: their blocks
// keep them until something else is written there.
func (rec *recording) freed(n *needles) (found []string) {
	files := map[string][]byte{"station.db": rec.start.durable["station.db"]}
	for _, d := range rec.deeds {
		switch d.what {
		case deedWrite:
			files[d.file] = apply(files[d.file], []deed{d})
		case deedCut:
			whole := files[d.file]
			found = append(found, n.in(whole[min(d.at, int64(len(whole))):])...)
			files[d.file] = apply(whole, []deed{d})
		case deedRemove:
			found = append(found, n.in(files[d.file])...)
			delete(files, d.file)
		}
	}
	return found
}

// TestTornPurge cuts the power at any moment of a purge. As soon as the intent is on the disk, the next
// start leaves nothing of what was locked away; once the purge has said that it is done, the disk
// holds nothing of it whatever of the last writes is lost.
func TestTornPurge(t *testing.T) {
	images := 40
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		images = 3000
	}
	dir := must(filepath.EvalSymlinks(t.TempDir()))(t)
	n := lockedAway(t, dir)
	rec := recordIn(t, dir, sayPurged)
	if found := rec.freed(n); len(found) > 0 {
		t.Errorf("the blocks of files that were cut keep %d pieces, the first %s", len(found), found[0])
	}
	before, finished := 0, 0
	rec.images(t, images, false, func(image map[string][]byte, w *witness) error {
		there := 0
		for _, b := range image {
			there += len(n.in(b))
		}
		if w.said == sayPurged && there > 0 {
			return fmt.Errorf("%d pieces are on the disk after the purge was done", there)
		}
		begun, left, err := finishOn(t, image, n)
		switch {
		case err != nil:
			return err
		case begun && len(left) > 0:
			return fmt.Errorf("the next start left %d pieces, the first %s", len(left), left[0])
		case !begun && (w.said == sayPurged || len(left) == 0):
			return errors.New("pieces are gone without an intent")
		case begun:
			finished++
		default:
			before++
		}
		return nil
	})
	if before == 0 || finished == 0 {
		t.Errorf("%d cuts before the intent, %d after", before, finished)
	}
}

// lockedAway makes a station with open cases and returns pieces of what is sealed in it.
func lockedAway(t *testing.T, dir string) *needles {
	t.Helper()
	ctx := t.Context()
	if err := makeTortured(ctx, dir, 3); err != nil {
		t.Fatal(err)
	}
	d, seats, err := openTortured(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.SetPIN(ctx, seats["A"], seats["C"], pin, pin); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		token := must(d.Enrol(ctx, seats["E"]))(t)
		picture := func(a *station.Application) error { a.Portrait = portraitBytes(); return nil }
		if err := d.Amend(ctx, seats["E"], token, "portrait", picture); err != nil {
			t.Fatal(err)
		}
	}
	n := &needles{}
	(&office{t: t}).addFolders(d, n)
	if err := d.Store.(*sqlite.Store).Close(); err != nil {
		t.Fatal(err)
	}
	return n
}

// finishOn starts a station from an image and returns whether there had been an intent, and which
// pieces are left on its disk.
func finishOn(t *testing.T, image map[string][]byte, n *needles) (begun bool, left []string, err error) {
	dir, err := lay(t, image)
	if err != nil {
		return false, nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "station.db")
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		return false, nil, err
	}
	err = store.View(t.Context(), func(tx issuance.Tx) error {
		purge, err := tx.Note("purge")
		if err != nil {
			return err
		}
		entries, err := tx.Entries("")
		if err != nil {
			return err
		}
		begun = purge != nil || entries[len(entries)-1].Entry.Kind == event.StationPurged
		return nil
	})
	err = errors.Join(err, issuance.FinishPurge(t.Context(), store))
	files, globErr := filepath.Glob(path + "*")
	if err = errors.Join(err, globErr, store.Close()); err != nil {
		return begun, nil, err
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err == nil {
			left = append(left, n.in(b)...)
		}
	}
	return begun, left, nil
}

// TestTornScrub cuts the power between the end of a case and the scrub after it, and everywhere else. The
// next start, before anybody signs in, leaves no piece of a case that has ended: not in the file, and not
// in its log.
func TestTornScrub(t *testing.T) {
	images := 60
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		images = 2000
	}
	dir := must(filepath.EvalSymlinks(t.TempDir()))(t)
	lockedAway(t, dir)
	before, _, err := openTortured(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	pieces := map[station.CaseToken]*needles{}
	for _, c := range must(before.Board(t.Context()))(t).Cases {
		pieces[c.Token] = &needles{}
		(&office{t: t}).addFolder(before, c.Token, pieces[c.Token])
	}
	if err := before.Store.(*sqlite.Store).Close(); err != nil {
		t.Fatal(err)
	}
	rec := recordIn(t, dir, sayWithdrawn)
	torn, ended := 0, 0
	rec.images(t, images, false, func(image map[string][]byte, _ *witness) error {
		on := func(n *needles, files map[string][]byte) (found []string) {
			for _, b := range files {
				found = append(found, n.in(b)...)
			}
			return found
		}
		gone, files, err := opened(t, image)
		for _, token := range gone {
			ended++
			if len(on(pieces[token], image)) > 0 {
				torn++
			}
			if left := on(pieces[token], files); len(left) > 0 {
				return fmt.Errorf("the next start left %d pieces of an ended case, the first %s", len(left), left[0])
			}
		}
		return err
	})
	if torn == 0 || ended == torn {
		t.Errorf("%d ended cases on the images, %d of them before their scrub", ended, torn)
	}
}

// opened opens the store of an image and returns which cases have ended in it, and its files while it is
// open.
func opened(t *testing.T, image map[string][]byte) (gone []station.CaseToken, files map[string][]byte, err error) {
	dir, err := lay(t, image)
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, "station.db"))
	if err != nil {
		return nil, nil, err
	}
	defer store.Close()
	err = store.View(t.Context(), func(tx issuance.Tx) error {
		cases, err := tx.Cases()
		for _, c := range cases {
			f, folderErr := tx.Folder(c.Token)
			if err = errors.Join(err, folderErr); len(f.Keys) == 0 {
				gone = append(gone, c.Token)
			}
		}
		return err
	})
	files = map[string][]byte{}
	paths, globErr := filepath.Glob(filepath.Join(dir, "*"))
	for _, path := range paths {
		b, readErr := os.ReadFile(path)
		files[path], err = b, errors.Join(err, readErr)
	}
	return gone, files, errors.Join(err, globErr)
}

// TestEndedCaseFreesNothing: when a case ends, neither a file of the station nor a block that a file
// has given back keeps a piece of what was sealed or of a key that was wrapped.
func TestEndedCaseFreesNothing(t *testing.T) {
	dir := must(filepath.EvalSymlinks(t.TempDir()))(t)
	n := lockedAway(t, dir)
	rec := recordIn(t, dir, sayWithdrawn)
	for _, w := range must(rec.desk.Today(t.Context()))(t).Keys { // the day goes on
		n.removeSealed(w.Sealed)
	}
	if last := rec.deeds[len(rec.deeds)-1]; last.what != deedRemove || last.file != "station.db-wal" {
		t.Errorf("the log was not given back at the end, but %+v", last.file)
	}
	if found := rec.freed(n); len(found) > 0 {
		t.Errorf("blocks that were given back keep %d pieces, the first %s", len(found), found[0])
	}
	for file := range rec.start.durable {
		if left := n.in(must(os.ReadFile(filepath.Join(dir, file)))(t)); len(left) > 0 {
			t.Errorf("%s keeps %d pieces, the first %s", file, len(left), left[0])
		}
	}
}
