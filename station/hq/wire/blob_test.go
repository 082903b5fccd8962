package wire_test

import (
	"testing"

	"padarozhnik/station/hq/wire"
)

func TestSpan(t *testing.T) {
	s, err := wire.ParseSpan("bytes 100-199/300")
	if err != nil || s != (wire.Span{Start: 100, End: 200, Size: 300}) || s.String() != "bytes 100-199/300" {
		t.Errorf("got %v, %v", s, err)
	}
	for _, bad := range []string{
		"", "bytes", "bytes 0-0", "bytes 0-9/9", "bytes 5-4/9", "bytes -1-4/9", "bytes +1-4/9", "bytes 01-4/9",
		"bytes 0-4/*", "bytes */9", "bytes 0-9223372036854775807/9223372036854775807", "Bytes 0-4/9", "bytes 0-4/9 ",
	} {
		if s, err := wire.ParseSpan(bad); err == nil {
			t.Errorf("%q read as %v", bad, s)
		}
	}
}

func FuzzParseSpan(f *testing.F) {
	f.Add("bytes 100-199/300")
	f.Add("bytes 0-0/1")
	f.Fuzz(func(t *testing.T, value string) {
		if s, err := wire.ParseSpan(value); err == nil && (!s.Valid() || s.String() != value) {
			t.Errorf("%q read as %v", value, s)
		}
	})
}
