package pki

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// maxTrustFiles bounds a folder of trust.
const maxTrustFiles = 4096

// LoadTrustDir is LoadTrust on a directory.
func LoadTrustDir(dir string) (*TrustStore, error) { return LoadTrust(os.DirFS(dir)) }

// LoadTrust reads a folder: every *.der certificate and *.crl revocation list at its top, such as
// csca.der, dsc.der and csca.crl. Self-signed certificates become anchors with their file as
// origin; others are checked to be certificates and left. A file that cannot be read, or a list
// that no anchor signed, is an error that names the file.
func LoadTrust(fsys fs.FS) (*TrustStore, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("trust folder: %w", err)
	}
	if len(entries) > maxTrustFiles {
		return nil, fmt.Errorf("trust folder: more than %d files", maxTrustFiles)
	}
	s := NewTrustStore()
	for _, step := range []struct {
		suffix string
		limit  int64
		load   func(name string, b []byte) error
	}{
		{".der", maxCertificate, s.loadCertificate},
		{".crl", maxCRL, s.loadList},
	} {
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
	return s, nil
}

func (s *TrustStore) loadCertificate(name string, b []byte) error {
	c, err := ParseCertificate(b)
	if err != nil || !c.claimsSelfSigned() {
		return err
	}
	return s.AddAnchor(c, "file "+name)
}

func (s *TrustStore) loadList(_ string, b []byte) error {
	list, err := ParseCRL(b)
	if err != nil {
		return err
	}
	return s.AddCRL(list)
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
