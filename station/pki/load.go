package pki

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// maxTrustFiles bounds a folder of trust.
const maxTrustFiles = 4096

// LoadTrustDir is LoadTrust on a directory.
func LoadTrustDir(dir string) (*TrustStore, error) { return LoadTrust(os.DirFS(dir)) }

// LoadTrust is LoadTrustAt where the time of reading does not count: links and master lists are
// judged at the time they were signed.
func LoadTrust(fsys fs.FS) (*TrustStore, error) { return LoadTrustAt(fsys, time.Time{}) }

// LoadTrustAt reads a folder: every *.der certificate, *.ml master list and *.crl revocation list at
// its top, such as csca.der, dsc.der and csca.crl. Self-signed certificates become anchors with
// their file as origin; links from a known anchor are followed, and so are master lists that a
// signer under a known anchor signed; other certificates are checked to be certificates and left.
// A file that cannot be read, or a list that no anchor vouches for at that time, is an error that
// names the file.
func LoadTrustAt(fsys fs.FS, at time.Time) (*TrustStore, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("trust folder: %w", err)
	}
	if len(entries) > maxTrustFiles {
		return nil, fmt.Errorf("trust folder: more than %d files", maxTrustFiles)
	}
	f := folder{store: NewTrustStore(), at: at}
	for _, step := range []struct {
		suffix string
		limit  int64
		load   func(name string, b []byte) error
	}{
		{".der", maxCertificate, f.certificate},
		{".crl", maxCRL, f.earlyList}, // a master list signer may be revoked
		{".ml", maxMasterList, f.masterList},
		{".crl", maxCRL, f.list},
	} {
		if step.suffix == ".ml" {
			if err := f.follow(); err != nil {
				return nil, err
			}
		}
		for _, e := range entries {
			if e.IsDir() || strings.ToLower(path.Ext(e.Name())) != step.suffix {
				continue
			}
			b, err := readBounded(fsys, e.Name(), step.limit)
			if err == nil {
				err = step.load(e.Name(), b)
			}
			if err != nil {
				return nil, fmt.Errorf("trust file %s: %w", e.Name(), err)
			}
		}
	}
	return f.store, nil
}

// folder is a trust folder while it is read.
type folder struct {
	store *TrustStore
	at    time.Time
	links []namedLink
}

type namedLink struct {
	file string
	*Certificate
}

func (f *folder) certificate(name string, b []byte) error {
	c, err := ParseCertificate(b)
	switch {
	case err != nil:
		return err
	case c.claimsSelfSigned():
		return f.store.AddAnchor(c, "file "+name)
	case c.claimsLink():
		f.links = append(f.links, namedLink{name, c})
	}
	return nil
}

// follow follows links as long as one leads on: a later one may hang on an earlier one. A link from
// a key that is not known here is left.
func (f *folder) follow() error {
	for progress := true; progress; {
		progress = false
		var left []namedLink
		for _, link := range f.links {
			err := f.store.FollowLink(link.Certificate, nil, f.at)
			switch {
			case err == nil:
				progress = true
			case errors.Is(err, ErrUntrusted):
				left = append(left, link)
			default:
				return fmt.Errorf("trust file %s: %w", link.file, err)
			}
		}
		f.links = left
	}
	return nil
}

func (f *folder) masterList(name string, b []byte) error {
	m, err := ParseMasterList(b)
	if err != nil {
		return err
	}
	_, err = f.store.AddMasterList(m, f.at, "file "+name)
	return err
}

func (f *folder) list(_ string, b []byte) error {
	list, err := ParseCRL(b)
	if err != nil {
		return err
	}
	return f.store.AddCRL(list)
}

// earlyList takes a list whose country is known before master lists are read.
func (f *folder) earlyList(name string, b []byte) error {
	if err := f.list(name, b); !errors.Is(err, ErrUntrusted) {
		return err
	}
	return nil
}

// readBounded reads a file of at most limit bytes.
func readBounded(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, malformed("file is too long")
	}
	return b, nil
}
