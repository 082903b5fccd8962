package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/journal"
)

// ErrBackup: a directory is not a backup of this ledger, or is damaged.
var ErrBackup = errors.New("not a whole backup of this ledger")

// manifestForm is the first line of a manifest, which makes it differ from every other note.
const manifestForm = "padarozhnik backup 1"

// Bounds of files of a backup, checked before they are read.
const (
	maxManifest = 64 << 10
	maxRegistry = 256 << 20
)

// manifest is what a run of a backup vouches for: a note signed by the checkpoint key over the form,
// the ledger's name and this in JSON. It is written last, after everything it names was read back.
type manifest struct {
	Run      int      `json:"run"`
	Previous string   `json:"previous,omitempty"` // SHA-256 of the manifest of the run before
	From     int64    `json:"from"`               // leaves that were there before
	Size     int64    `json:"size"`
	Root     string   `json:"root"`    // hexadecimal
	Durable  string   `json:"durable"` // the mark (journal.Durable), as it is given out
	Segment  fileMark `json:"segment"`
	Registry fileMark `json:"registry"`
	Written  string   `json:"written"` // claimed, RFC 3339

	digest string // of the file
}

// fileMark is a file of the backup.
type fileMark struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func runFile(run int, kind string) string { return fmt.Sprintf("%06d.%s", run, kind) }

func (m manifest) sign(s note.Signer) ([]byte, error) {
	body, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	raw, err := note.Sign(&note.Note{Text: manifestForm + "\n" + s.Name() + "\n" + string(body) + "\n"}, s)
	if err != nil {
		return nil, fmt.Errorf("sign manifest: %w", err)
	}
	return raw, nil
}

func parseManifest(raw []byte, ledger note.Verifier) (m manifest, err error) {
	n, err := note.Open(raw, note.VerifierList(ledger))
	if err != nil {
		return m, fmt.Errorf("%w: manifest: %w", ErrBackup, err)
	}
	body, ok := strings.CutPrefix(n.Text, manifestForm+"\n"+ledger.Name()+"\n")
	if !ok {
		return m, fmt.Errorf("%w: another form", ErrBackup)
	}
	strict := json.NewDecoder(strings.NewReader(body))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&m); err != nil {
		return m, fmt.Errorf("%w: manifest: %w", ErrBackup, err)
	}
	if m.Segment.Name != runFile(m.Run, "segment") || m.Registry.Name != runFile(m.Run, "registry") ||
		m.From < 0 || m.Size < m.From || m.Registry.Bytes > maxRegistry {
		return m, fmt.Errorf("%w: manifest of run %d", ErrBackup, m.Run)
	}
	sum := sha256.Sum256(raw)
	m.digest = journal.Hash(sum).String()
	return m, nil
}

// mark is the durable mark of the run.
func (m manifest) mark(ledger note.Verifier) (journal.Durable, error) {
	d, err := journal.ParseDurable([]byte(m.Durable), ledger)
	if err != nil || d.Size != m.Size || d.Root.String() != m.Root {
		return d, fmt.Errorf("%w: durable mark of run %d", ErrBackup, m.Run)
	}
	return d, nil
}

// readManifests reads those of all runs, each of which names the one before.
func readManifests(dir string, ledger note.Verifier) (runs []manifest, err error) {
	for n := 1; ; n++ {
		raw, err := readBounded(filepath.Join(dir, runFile(n, "manifest")), maxManifest)
		if errors.Is(err, os.ErrNotExist) {
			return runs, nil
		}
		if err != nil {
			return nil, err
		}
		m, err := parseManifest(raw, ledger)
		if err != nil {
			return nil, err
		}
		var last manifest
		if len(runs) > 0 {
			last = runs[len(runs)-1]
		}
		if m.Run != n || m.Previous != last.digest || m.From != last.Size {
			return nil, fmt.Errorf("%w: run %d does not follow the one before", ErrBackup, n)
		}
		if _, err := m.mark(ledger); err != nil {
			return nil, err
		}
		runs = append(runs, m)
	}
}

// registry reads the registry of a run.
func (m manifest) registry(dir string) (r registryCopy, err error) {
	raw, err := readBounded(filepath.Join(dir, m.Registry.Name), maxRegistry)
	if err != nil {
		return r, err
	}
	if mark(m.Registry.Name, raw) != m.Registry {
		return r, fmt.Errorf("%w: %s differs from its manifest", ErrBackup, m.Registry.Name)
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&r); err != nil {
		return r, fmt.Errorf("%w: %s: %w", ErrBackup, m.Registry.Name, err)
	}
	return r, nil
}

func mark(name string, raw []byte) fileMark {
	return fileMark{Name: name, Bytes: int64(len(raw)), SHA256: journal.Hash(sha256.Sum256(raw)).String()}
}

func readBounded(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%w: %s is too large", ErrBackup, filepath.Base(path))
	}
	return os.ReadFile(path)
}
