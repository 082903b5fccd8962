package charter_test

import (
	"fmt"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/hq/charter"
	"padarozhnik/station/hq/charter/abroad"
	"padarozhnik/station/pki"
)

// BenchmarkReadTrust is what a station does at its start: the charter alone, and with a trust list in which
// a master list has 600 certificates.
func BenchmarkReadTrust(b *testing.B) {
	root, own, lister := newRoot(b), abroad.New(b, "UT", start), abroad.New(b, "XB", start)
	var listed []*pki.Certificate
	for i := range 600 {
		listed = append(listed, abroad.New(b, fmt.Sprintf("%c%c", 'A'+i%20, 'A'+i/26), start).Root)
	}
	list := charter.TrustList{Version: 1, Signed: start.Unix(), Sources: []charter.Source{{
		Origin: "imported", Roots: [][]byte{lister.Root.Raw}, List: lister.List(b, start.Add(time.Hour), listed...),
	}}}
	raw, err := charter.SignTrust(list, root)
	if err != nil {
		b.Fatal(err)
	}
	for name, trust := range map[string]*station.TrustRef{"charter": nil, "trust-list": list.Ref(raw)} {
		c := example()
		c.Anchors, c.Trust = [][]byte{own.Root.Raw}, trust
		signed, err := charter.Sign(c, root)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				c, err := charter.Parse(signed, &root.PublicKey)
				if err != nil {
					b.Fatal(err)
				}
				if c.Trust == nil {
					continue
				}
				b.ReportMetric(float64(len(raw)), "bytes")
				l, err := charter.Accompany(c, raw, &root.PublicKey)
				if err != nil {
					b.Fatal(err)
				}
				if err := l.AddTo(pki.NewTrustStore()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
