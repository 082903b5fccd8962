package setup

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"os"
	"path/filepath"
	"time"

	"padarozhnik/station/hq/bundle"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
)

// Export writes everything that headquarters has not receipted into one file that only headquarters can
// open. A file of the final name is whole. Nothing counts as sent by it.
func (o *Office) Export(ctx context.Context, path string) (issuance.ExportReport, error) {
	d := o.Desk
	at, err := d.Places(ctx)
	if err != nil {
		return issuance.ExportReport{}, err
	}
	w, err := bundle.Create(path, bundle.Letter{
		Direction: bundle.ToHeadquarters, Recipient: d.Vault, Signer: d.Key,
		Hello: bundle.Hello{Station: d.Charter.Station, Made: at.Time, Known: at.Known, Own: at.Own, After: at.After},
	})
	if err != nil {
		return issuance.ExportReport{}, err
	}
	r, err := d.Export(ctx, bundle.Outbox{Writer: w})
	if err != nil {
		w.Abort()
		return r, err
	}
	return r, w.Commit()
}

// Letter is what became of one file on a stick: Err is nil where it was taken in, journal.ErrForeignFile
// where it is not ours, and the refusal otherwise.
type Letter struct {
	Path    string
	Report  issuance.SyncReport
	Charter int // the version that it put in force; 0 for none
	Err     error
}

// Import takes in headquarters' answers, file after file; a directory stands for the files in it. One
// that does not join what is known yet is tried again after the others. It returns what became of each,
// and the first refusal; journal.ErrForeignFile where nothing was ours.
func (o *Office) Import(ctx context.Context, paths ...string) (letters []Letter, err error) {
	files, err := filesOf(paths)
	if err != nil {
		return nil, err
	}
	taken := 0
	for len(files) > 0 {
		var later []Letter
		for _, f := range files {
			l := o.importFile(ctx, f)
			switch {
			case ctx.Err() != nil:
				return letters, ctx.Err()
			case l.Err == nil:
				taken++
				letters = append(letters, l)
			case errors.Is(l.Err, journal.ErrForeignFile):
				letters = append(letters, l)
			default:
				later = append(later, l)
			}
		}
		if len(later) == len(files) || len(later) > 0 && !joinsLater(later) {
			return append(letters, later...), later[0].Err
		}
		files = files[:0]
		for _, l := range later {
			files = append(files, l.Path)
		}
	}
	if taken == 0 {
		return letters, journal.ErrForeignFile
	}
	return letters, nil
}

// joinsLater tells whether one of the refused files may be taken in after another one was.
func joinsLater(refused []Letter) bool {
	for _, l := range refused {
		if errors.Is(l.Err, journal.ErrNotJoined) {
			return true
		}
	}
	return false
}

func (o *Office) importFile(ctx context.Context, path string) Letter {
	l := Letter{Path: path}
	l.Err = o.read(ctx, &l)
	return l
}

func (o *Office) read(ctx context.Context, l *Letter) error {
	d := o.Desk
	vault := func(bundle.Hello) (*ecdsa.PublicKey, error) { return d.VaultSigner() }
	b, err := bundle.Open(l.Path, bundle.ToStation, d.Key, vault)
	if err != nil {
		return err
	}
	defer b.Close()
	a, err := bundle.OpenAnswer(b, d.Charter.Station, d.Ledger)
	if err != nil {
		return err
	}
	if l.Report, err = d.Import(ctx, a, time.Unix(b.Hello.Made, 0)); err != nil || a.Charter == nil {
		return err
	}
	trust, err := a.Trust()
	if err != nil {
		return err
	}
	renewed, err := o.Renew(ctx, a.Charter, trust)
	if renewed {
		l.Charter = d.Charter.Version
	}
	return err
}

// filesOf lists the files that were named, and those in directories that were.
func filesOf(paths []string) ([]string, error) {
	var out []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			out = append(out, p)
			continue
		}
		entries, err := os.ReadDir(p)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !e.IsDir() {
				out = append(out, filepath.Join(p, e.Name()))
			}
		}
	}
	return out, nil
}
