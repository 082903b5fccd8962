package lds_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"testing"
	"time"

	"padarozhnik/station/lds"
	"padarozhnik/station/pki/ec"
)

// rounds are measured in one iteration, so that a few iterations are enough to warm up.
const rounds = 200

// bare is the least that signing and checking these bytes can cost: one digest of all, one
// signature, one verification.
func bare(b *testing.B, key *ecdsa.PrivateKey, groups map[int][]byte) {
	for _, file := range groups {
		sha256.Sum256(file)
	}
	digest := sha256.Sum256(groups[1])
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil || !ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
		b.Fatal(err)
	}
}

// BenchmarkCompleteLDS builds, signs and verifies a whole LDS with a portrait of 24 kB, and the bare
// work beside it in the same run. Metric x/bare is the ratio.
func BenchmarkCompleteLDS(b *testing.B) {
	o := newOffice(b, ec.P256(), ec.P256())
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	picture := usualPortrait(b)
	dg1, err := lds.ParseDG1(example(b, "EF.DG1 TD3"))
	if err != nil {
		b.Fatal(err)
	}
	infos := testInfos(false)
	whole, least := time.Hour, time.Hour // the least disturbed of all runs
	for b.Loop() {
		for range rounds {
			start := time.Now()
			groups := buildLDS(b, o, dg1, infos, picture)
			middle := time.Now()
			bare(b, key, groups)
			whole, least = min(whole, middle.Sub(start)), min(least, time.Since(middle))
		}
	}
	b.ReportMetric(float64(whole)/float64(least), "x/bare")
}

func buildLDS(b *testing.B, o office, dg1 lds.DG1, infos lds.SecurityInfos, picture []byte) map[int][]byte {
	dg2, err := lds.NewDG2(picture)
	if err != nil {
		b.Fatal(err)
	}
	groups := map[int][]byte{}
	for number, file := range map[int]interface{ Bytes() ([]byte, error) }{1: dg1, 2: dg2, 14: lds.DG14{Infos: infos}} {
		if groups[number], err = file.Bytes(); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := lds.NewCOM(1, 2, 14).Bytes(); err != nil {
		b.Fatal(err)
	}
	spec := lds.SODSpec{DataGroups: groups, Issued: sodIssued(), DocumentCode: "PP"}
	if _, err := lds.SignSOD(spec, o.key, o.signer); err != nil {
		b.Fatal(err)
	}
	return groups
}

// BenchmarkJudge verifies EF.SOD, document signer and data groups as a border does, and the bare
// verifications and digests beside it. Metric x/bare is the ratio.
func BenchmarkJudge(b *testing.B) {
	o := newOffice(b, ec.P256(), ec.P256())
	trust := o.trust(b)
	groups, file := wholeLDS(b, o)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256(file)
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	whole, least := time.Hour, time.Hour // the least disturbed of all runs
	for b.Loop() {
		for range rounds {
			start := time.Now()
			if !authentic(trust, groups, file) {
				b.Fatal("does not pass")
			}
			middle := time.Now()
			for _, f := range groups {
				sha256.Sum256(f)
			}
			for range 2 {
				if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
					b.Fatal("signature")
				}
			}
			whole, least = min(whole, middle.Sub(start)), min(least, time.Since(middle))
		}
	}
	b.ReportMetric(float64(whole)/float64(least), "x/bare")
}
