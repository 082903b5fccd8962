package ledger

import (
	"bytes"
	"crypto/sha256"
	"testing"
)

// FuzzSegment: whatever stands in a segment, reading it ends, with an error or with records that were
// written so.
func FuzzSegment(f *testing.F) {
	data := []byte("sealed bytes of a case")
	var out bytes.Buffer
	w := newSegmentWriter(&out)
	header := blobHeader{digest: sha256.Sum256(data), size: int64(len(data)), party: "UTO-01"}
	_ = w.record(recordCheckpoint, []byte("note"))
	_ = w.record(recordBlob, header.marshal())
	_, _ = w.Write(data[:10])
	_, _ = w.Write(data[10:])
	_ = w.record(recordEntry, []byte("entry"))
	_ = w.to.Flush()
	f.Add(out.Bytes())
	f.Add([]byte{recordEntry, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		again := &rewriter{}
		again.segmentWriter = newSegmentWriter(&again.out)
		digest, err := readSegment(bytes.NewReader(b), again)
		if err != nil {
			return
		}
		_ = again.to.Flush()
		if digest != sha256.Sum256(b) {
			t.Error("digest of something else")
		}
		if len(again.out.Bytes()) > len(b) {
			t.Error("more records than were there")
		}
	})
}

// rewriter writes what it is read.
type rewriter struct {
	out bytes.Buffer
	*segmentWriter
}

func (r *rewriter) blob(b blobHeader) error          { return r.record(recordBlob, b.marshal()) }
func (r *rewriter) piece(_ int64, data []byte) error { return r.record(recordPiece, data) }
func (r *rewriter) blobEnd() error                   { return nil }
func (r *rewriter) entry(raw []byte) error           { return r.record(recordEntry, raw) }
func (r *rewriter) checkpoint(raw []byte) error      { return r.record(recordCheckpoint, raw) }
