package pki_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"testing"
	"time"

	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

// manyRoots is a master list of n certificates that differ in their serial numbers. Their own
// signatures are wrong, which only their use would show.
func manyRoots(t testing.TB, n int) []byte {
	t.Helper()
	l := newLister(t)
	serial := l.root.SerialNumber.FillBytes(make([]byte, 16))
	at := bytes.Index(l.root.Raw, serial)
	certificates := make([]*pki.Certificate, n)
	for i := range certificates {
		c := *l.root
		c.Raw = slices.Clone(l.root.Raw)
		c.Raw[at+8], c.Raw[at+9], c.Raw[at+10] = byte(i>>16), byte(i>>8), byte(i)
		certificates[i] = &c
	}
	return l.list(t, certificates...).Raw
}

// readWhole reads a list from its file, proves its signature and parses every certificate in it.
func readWhole(t testing.TB, path string) (*pki.MasterList, int) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := pki.ParseMasterList(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Verify(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range m.Certificates() {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return m, n
}

// heap returns the bytes of objects on the heap, dead ones that were not swept yet among them.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// peak runs f and returns how far the heap grew meanwhile. The collector is made to run early, as it
// would in a small program: it rests below 4 MB, where the garbage of a short list would count as held.
func peak(f func()) uint64 {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	before, highest := heap(), uint64(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			highest = max(highest, heap())
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Microsecond):
			}
		}
	}()
	f()
	close(stop)
	<-done
	return max(highest, before) - before
}

// TestMasterListMemory: however long the list, it takes at most three times its file.
func TestMasterListMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list.ml")
	var kept *pki.MasterList
	for _, length := range []int{600, 6000} {
		raw := manyRoots(t, length)
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		size := uint64(len(raw))
		grown := peak(func() {
			var n int
			if kept, n = readWhole(t, path); n != length {
				t.Errorf("%d certificates", n)
			}
		})
		t.Logf("file %d bytes, heap grew by %d: %.2f times", size, grown, float64(grown)/float64(size))
		if length == 6000 && grown > 3*size { // of a short one, how late the collector was is too large a part
			t.Errorf("heap grew by %d bytes for a file of %d", grown, size)
		}
	}
	s := pki.NewTrustStore()
	if err := s.AddAnchor(kept.Signer, ""); err == nil {
		t.Error("list signer became an anchor")
	}
}

// BenchmarkMasterList reads lists of two lengths; time per certificate must not grow with them.
// openssl asn1parse reads the same file beside it.
func BenchmarkMasterList(b *testing.B) {
	perCertificate := map[int]float64{}
	for _, n := range []int{600, 6000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "list.ml")
			raw := manyRoots(b, n)
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				b.Fatal(err)
			}
			size := len(raw)
			raw = nil
			b.SetBytes(int64(size))
			var highest uint64
			best := time.Hour // the least disturbed of all runs, without the watch on the heap
			for b.Loop() {
				start := time.Now()
				readWhole(b, path)
				best = min(best, time.Since(start))
				highest = max(highest, peak(func() { readWhole(b, path) }))
			}
			own := best.Seconds()
			perCertificate[n] = own / float64(n)
			b.ReportMetric(float64(highest)/float64(size), "heap/file")
			b.ReportMetric(own/float64(n)*1e6, "µs/certificate")
			if first := perCertificate[600]; n == 6000 && first > 0 {
				b.ReportMetric(perCertificate[n]/first, "time-per-certificate/600")
			}
			if theirs, ok := asn1parse(b, path); ok {
				b.ReportMetric(theirs.Seconds()*1e3, "openssl-asn1parse-ms")
				b.ReportMetric(own/theirs.Seconds(), "own/openssl")
			}
		})
	}
}

// asn1parse times openssl on a file, its output thrown away; the best of three.
func asn1parse(b *testing.B, path string) (time.Duration, bool) {
	b.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		return 0, false
	}
	best := time.Hour
	for range 3 {
		start := time.Now()
		if err := exec.Command("openssl", "asn1parse", "-inform", "DER", "-noout", "-in", path).Run(); err != nil {
			b.Fatal(err)
		}
		best = min(best, time.Since(start))
	}
	return best, true
}

// BenchmarkVerifyPassport reads and verifies signed data, document signer and CSCA, as an inspection
// does that knows nothing yet, against the three bare verifications and the hashes in it.
func BenchmarkVerifyPassport(b *testing.B) {
	for _, curve := range []*ec.Curve{ec.P256(), ec.P384()} {
		b.Run(curve.Name(), func(b *testing.B) {
			c := newChain(b, curve, curve)
			raw := sign(b, c, make([]byte, 600), 0)
			reference := newBare(b, c, raw)
			whole, bare := time.Hour, time.Hour // the least disturbed of all runs
			for b.Loop() {
				start := time.Now()
				inspect(b, c.root.Raw, raw)
				middle := time.Now()
				reference.verify(b)
				whole = min(whole, middle.Sub(start))
				bare = min(bare, time.Since(middle))
			}
			b.ReportMetric(float64(whole.Nanoseconds()), "whole-ns")
			b.ReportMetric(float64(bare.Nanoseconds()), "bare-ns")
			b.ReportMetric(whole.Seconds()/bare.Seconds(), "whole/bare")
			path := filepath.Join(b.TempDir(), "sod.cms")
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				b.Fatal(err)
			}
			if theirs, ok := asn1parse(b, path); ok {
				b.ReportMetric(theirs.Seconds()*1e6, "openssl-asn1parse-µs")
			}
		})
	}
}

func inspect(b *testing.B, root, raw []byte) {
	b.Helper()
	csca, err := pki.ParseCertificate(root)
	if err != nil {
		b.Fatal(err)
	}
	store := pki.NewTrustStore()
	if err := store.AddAnchor(csca, "benchmark"); err != nil {
		b.Fatal(err)
	}
	d, err := pki.ParseSignedData(raw)
	if err != nil {
		b.Fatal(err)
	}
	if err := d.Verify(); err != nil {
		b.Fatal(err)
	}
	if _, err := store.Verify(d.Signer(), start(), "PP"); err != nil {
		b.Fatal(err)
	}
}

// bare is what no reader can do without: three signatures with their keys ready, and the hashes.
type bare struct {
	keys       []*ecdsa.PublicKey
	hash       crypto.Hash
	messages   [][]byte
	signatures [][]byte
}

func newBare(b *testing.B, c chain, raw []byte) bare {
	b.Helper()
	d, err := pki.ParseSignedData(raw)
	if err != nil {
		b.Fatal(err)
	}
	// The signature of the signed data stands last; a signature of a certificate over a message of
	// the same order costs the same, so the document signer's stands for it.
	out := bare{hash: d.Hash}
	for _, pair := range [][2]*pki.Certificate{{c.root, c.root}, {c.root, c.signer}, {c.root, c.signer}} {
		key, err := pair[0].PublicKey.Crypto()
		if err != nil {
			b.Fatal(err)
		}
		out.keys = append(out.keys, key.(*ecdsa.PublicKey))
		out.messages = append(out.messages, pair[1].RawTBS)
		out.signatures = append(out.signatures, pair[1].Signature)
	}
	return out
}

func (v bare) verify(b *testing.B) {
	for i, key := range v.keys {
		h := v.hash.New()
		h.Write(v.messages[i])
		if !ecdsa.VerifyASN1(key, h.Sum(nil), v.signatures[i]) {
			b.Fatal("bare signature is wrong")
		}
	}
}
