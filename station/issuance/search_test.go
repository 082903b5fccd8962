package issuance_test

import (
	"bytes"
	"context"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// plants are fifty texts about one invented person that no file of a station may hold in clear.
type plants struct {
	applicant station.Applicant
	texts     []string
}

func letters(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('A' + rand.IntN(26))
	}
	return string(b)
}

func cyrillic(n int) string {
	alphabet := []rune("абвгдеёжзійклмнопрстуўфхцчшыьэюя")
	out := make([]rune, n)
	for i := range out {
		out[i] = alphabet[rand.IntN(len(alphabet))]
	}
	return string(out)
}

func newPlants() plants {
	p := plants{applicant: person()}
	a := &p.applicant
	a.Surname, a.GivenNames, a.PlaceOfBirth = letters(12), letters(10), letters(14)
	a.LocalSurname, a.LocalGivenNames = cyrillic(12), cyrillic(11)
	p.texts = []string{a.Surname, a.GivenNames, a.PlaceOfBirth, a.LocalSurname, a.LocalGivenNames}
	for len(p.texts) < 50 {
		p.texts = append(p.texts, "note "+letters(6)+" "+cyrillic(8)+" \""+letters(4)+"\"")
	}
	return p
}

// fillIn writes the texts into an application.
func (p plants) fillIn(a *station.Application) error {
	if err := complete(a); err != nil {
		return err
	}
	a.Applicant = p.applicant
	for _, text := range p.texts[5:] {
		a.Evidence = append(a.Evidence, station.Evidence{Kind: "note", Note: text})
	}
	return nil
}

// forms are the ways in which a program might have written a text without meaning to.
func forms(text string) [][]byte {
	raw := []byte(text)
	out := [][]byte{raw, []byte(hex.EncodeToString(raw)), []byte(strings.ToUpper(hex.EncodeToString(raw)))}
	backwards := []rune(text)
	slices.Reverse(backwards)
	bytewise := slices.Clone(raw)
	slices.Reverse(bytewise)
	out = append(out, []byte(string(backwards)), bytewise)
	var little, big []byte
	for _, u := range utf16.Encode([]rune(text)) {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	out = append(out, little, big)
	out = append(out, codePage1251(text), []byte(url.QueryEscape(text)), []byte(url.PathEscape(text)),
		[]byte(strings.ToLower(url.QueryEscape(text))), []byte(html.EscapeString(text)), []byte(entities(text)),
		[]byte(base32.StdEncoding.EncodeToString(raw[:len(raw)/5*5])), []byte(strings.ToLower(text)),
		[]byte(strings.ReplaceAll(strings.ToUpper(text), " ", "<")), // as in a machine readable zone
		[]byte(strings.ReplaceAll(strings.ToUpper(text), " ", "")))
	ascii := strconv.QuoteToASCII(text)
	out = append(out, []byte(ascii[1:len(ascii)-1]))
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		for shift := range 3 { // wherever in a longer text it stands
			e := enc.EncodeToString(append(make([]byte, shift), raw...))
			out = append(out, []byte(e[(shift*8+5)/6:len(raw)*8/6]))
		}
	}
	return out
}

// codePage1251 is a text in the code page that offices of the region had before Unicode.
func codePage1251(text string) []byte {
	odd := map[rune]byte{'Ё': 0xA8, 'ё': 0xB8, 'І': 0xB2, 'і': 0xB3, 'Ў': 0xA1, 'ў': 0xA2}
	var out []byte
	for _, r := range text {
		switch b, ok := odd[r]; {
		case ok:
			out = append(out, b)
		case r >= 'А' && r <= 'я':
			out = append(out, byte(r-'А'+0xC0))
		default:
			out = append(out, byte(r))
		}
	}
	return out
}

// entities is a text as XML spells what is not ASCII.
func entities(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, "&#%d;", r)
	}
	return b.String()
}

// needles finds many byte strings in one pass.
type needles struct {
	begin [1 << 16]bool
	by    map[[4]byte][]needle
}

type needle struct {
	what  string
	bytes []byte
}

func (n *needles) add(what string, b []byte) {
	if n.by == nil {
		n.by = map[[4]byte][]needle{}
	}
	n.begin[int(b[0])<<8|int(b[1])] = true
	key := [4]byte(b[:4])
	n.by[key] = append(n.by[key], needle{what, b})
}

func (n *needles) addText(what, text string) {
	for i, form := range forms(text) {
		n.add(fmt.Sprintf("%s in form %d", what, i), form)
	}
}

// addSealed adds pieces of ciphertext: erased means that these are gone as well.
func (n *needles) addSealed(what string, b []byte) {
	for at := 0; at+32 <= len(b); at += max(32, len(b)/16) {
		n.add(fmt.Sprintf("%s at %d", what, at), slices.Clone(b[at:at+32]))
	}
}

// in returns what it finds. The race detector would look at every byte as well, for nothing.
//
//go:norace
func (n *needles) in(haystack []byte) (found []string) {
	for i := 0; i+4 <= len(haystack); i++ {
		if !n.begin[int(haystack[i])<<8|int(haystack[i+1])] {
			continue
		}
		for _, s := range n.by[[4]byte(haystack[i:i+4])] {
			if bytes.HasPrefix(haystack[i:], s.bytes) {
				found = append(found, s.what)
			}
		}
	}
	return found
}

// searchStation looks into every file of the station's directory: database, log, index, reserve, tokens. The
// files are copied by another process first: closing a database's file would take the locks of the open store.
func (o *office) searchStation(n *needles) (found []string) {
	t := o.t
	t.Helper()
	image := filepath.Join(t.TempDir(), "image")
	if err := os.MkdirAll(image, 0o700); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(o.dir, "*.*"))
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	args := append([]string{"-a", "-t", image}, files...)
	if out, err := exec.CommandContext(t.Context(), "cp", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	copied, err := filepath.Glob(filepath.Join(image, "*.*"))
	if err != nil || len(copied) != len(files) {
		t.Fatal(copied, err)
	}
	for _, path := range copied {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range n.in(raw) {
			found = append(found, filepath.Base(path)+": "+what)
		}
	}
	return found
}

// addFolders adds what is locked away at present, and the day's wraps.
func (o *office) addFolders(d *issuance.Desk, n *needles) {
	o.t.Helper()
	err := d.Store.View(o.t.Context(), func(tx issuance.Tx) error {
		cases, err := tx.Cases()
		if err != nil {
			return err
		}
		for _, c := range cases {
			f, err := tx.Folder(c.Token)
			if err != nil {
				return err
			}
			n.addFolder(f)
		}
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
	if day, err := d.Today(o.t.Context()); err == nil {
		for _, w := range day.Keys {
			n.addSealed("wrap of the day", w.Sealed)
		}
	}
}

// planted brings a new case with the texts as far as submitted.
func (o *office) planted(ctx context.Context, d *issuance.Desk, p plants) station.CaseToken {
	t := o.t
	t.Helper()
	seat := o.seat(d, "E")
	token := must(d.Enrol(ctx, seat))(t)
	zone := must(station.Zone(o.charter.Profile, p.applicant, "UT0031416",
		station.Date{Year: 2016, Month: 1, Day: 2}, station.Date{Year: 2026, Month: 1, Day: 1}))(t)
	picture := portraitBytes()
	for _, err := range []error{
		d.TypeOldPassport(ctx, seat, token, zone),
		d.Amend(ctx, seat, token, "portrait", func(a *station.Application) error { a.Portrait = picture; return nil }),
		d.Amend(ctx, seat, token, "person", p.fillIn),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return token
}

// TestSearchFinds: a search that finds nothing proves something only if it can find.
func TestSearchFinds(t *testing.T) {
	p := newPlants()
	for i, text := range p.texts {
		n := &needles{}
		n.addText("text", text)
		for j, form := range forms(text) {
			hay := append(append(bytes.Repeat([]byte{0, 'x'}, 50), form...), 0, 0)
			if len(n.in(hay)) == 0 {
				t.Errorf("text %d is not found in form %d", i, j)
			}
		}
		long := base64.StdEncoding.EncodeToString([]byte("before it " + text + " and after"))
		if len(n.in([]byte(long))) == 0 {
			t.Errorf("text %d is not found inside of base64", i)
		}
	}
}

// addFolder is addFolders for one case, without the day.
func (o *office) addFolder(d *issuance.Desk, token station.CaseToken, n *needles) {
	o.t.Helper()
	err := d.Store.View(o.t.Context(), func(tx issuance.Tx) error {
		f, err := tx.Folder(token)
		if err == nil {
			n.addFolder(f)
		}
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

func (n *needles) addFolder(f issuance.Folder) {
	n.addSealed("sealed "+string(f.Case.Stage), f.Sealed)
	n.addSealed("order", f.Order)
	for _, w := range f.Keys {
		n.addSealed("wrap for "+w.Recipient, w.Sealed)
	}
}
