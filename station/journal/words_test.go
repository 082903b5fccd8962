package journal_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"padarozhnik/station/journal"
)

func TestWordsOfAHash(t *testing.T) {
	h := journal.Hash{0x00, 0x00, 0xff, 0xff, 0x12, 0x34, 0xab, 0xcd, 0x80, 0x01, 0x7f, 0xfe}
	if got := h.Words(); got != "babab zuzuz damuh pozat mabad luzuv" {
		t.Errorf("got %q", got)
	}
	if got := h.CyrillicWords(); got != "бабаб зузуз дамух позат мабад лузув" {
		t.Errorf("got %q", got)
	}
}

// TestWordsTellHashesApart: whoever changes one of the first 96 bits changes a word, in both scripts.
func TestWordsTellHashesApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h journal.Hash
		copy(h[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		other := h
		bit := rapid.IntRange(0, 95).Draw(t, "bit")
		other[bit/8] ^= 1 << (bit % 8)
		for _, pair := range [][2]string{{h.Words(), other.Words()}, {h.CyrillicWords(), other.CyrillicWords()}} {
			differ := 0
			a, b := strings.Fields(pair[0]), strings.Fields(pair[1])
			if len(a) != 6 || len(b) != 6 {
				t.Fatalf("%q", pair)
			}
			for i := range a {
				if a[i] != b[i] {
					differ++
				}
			}
			if differ != 1 {
				t.Fatalf("%d words differ: %q", differ, pair)
			}
		}
	})
}
