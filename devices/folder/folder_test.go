package folder_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/folder"
)

func TestPagesOfAFolder(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("b.jpg", "\xff\xd8\xff\xe0 second")
	put("a.png", "\x89PNG\r\n\x1a\n first")
	put("notes.txt", "no page at all")
	put("page.jpg.html", "<html>sign in</html>")
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "0.jpg")); err != nil {
		t.Fatal(err)
	}
	s := folder.New(dir)
	if id, err := s.Identify(t.Context()); err != nil || id.URI != "file:"+dir {
		t.Errorf("%+v, %v", id, err)
	}
	for _, want := range []string{"image/png", "image/jpeg"} {
		got, err := s.Scan(t.Context(), devices.ScanSettings{DPI: 300}, nil)
		if err != nil || got.Type != want || got.DPI != 300 {
			t.Errorf("%s, %v; want %s", got.Type, err, want)
		}
	}
	if _, err := s.Scan(t.Context(), devices.ScanSettings{}, nil); !errors.Is(err, devices.ErrNothingToScan) {
		t.Errorf("behind the last page: %v", err)
	}
	put("c.jpg", "\xff\xd8\xff\xe0 third")
	if got, err := s.Scan(t.Context(), devices.ScanSettings{}, nil); err != nil || len(got.Data) != 10 {
		t.Errorf("a page that came later: %q, %v", got.Data, err)
	}
}

func TestOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.jpg")
	s := folder.New(path)
	if _, err := s.Identify(t.Context()); !errors.Is(err, devices.ErrUnreachable) {
		t.Errorf("nothing there: %v", err)
	}
	if err := os.WriteFile(path, []byte("\xff\xd8\xff\xe0 page"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := s.Scan(t.Context(), devices.ScanSettings{DPI: 150}, nil); err != nil || got.Type != "image/jpeg" {
			t.Errorf("%s, %v", got.Type, err)
		}
	}
	link := path + ".link"
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := folder.New(link).Scan(t.Context(), devices.ScanSettings{}, nil); !errors.Is(err, devices.ErrUnreachable) {
		t.Errorf("a link was followed: %v", err)
	}
}
