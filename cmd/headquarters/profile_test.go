package main

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"padarozhnik/resources"
	"padarozhnik/station"
)

// profileFile writes the Utopian profile with changes.
func (b *bureau) profileFile(name string, changes ...string) string {
	b.t.Helper()
	path := filepath.Join(b.top, name)
	text := strings.NewReplacer(changes...).Replace(string(resources.UtopiaProfile))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// TestProfileSign: the difference is told in words before and in the protocol, two officers sign, only the
// stations named get the next charter, and a profile that has been replaced does not come back.
func TestProfileSign(t *testing.T) {
	b := newBureau(t)
	second := enrolment{id: "UTO-02", key: b.publicFile("station"), officers: []string{b.publicFile("E") + "=enrol"}}
	if _, err := b.enrol(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	newer := b.profileFile("2.toml", "version = 1", "version = 2", "idle_minutes = 5", "idle_minutes = 9",
		"years = 5", "years = 4", `be = "Утопія"`, `be = "Утапічная Рэспубліка"`)
	want := []string{"version: 2, until now 1", "idle minutes until a desk locks: 9, until now 5",
		"years of validity by age: under 14 4, others 10, until now under 14 5, others 10", `"Утапічная Рэспубліка"`}
	told := b.must(b.profileCommand(), "check", newer)
	for _, words := range want {
		if strings.Count(told, words) != 2 {
			t.Errorf("%q is not told of both stations:\n%s", words, told)
		}
	}
	if _, err := b.run(b.profileCommand(), append([]string{"sign", newer}, b.specs[:2]...)...); !errors.Is(err, errTwoOfficers) {
		t.Errorf("one officer: %v", err)
	}
	told = b.must(b.profileCommand(), append([]string{"sign", newer, "UTO-01"}, b.specs...)...)
	for _, words := range append(want, "charter version 2 of UTO-01", "station UTO-01: charter version 2 in") {
		if !strings.Contains(told, words) {
			t.Errorf("%q is missing:\n%s", words, told)
		}
	}
	for id, version := range map[string]int{"UTO-01": 2, "UTO-02": 1} {
		c, err := b.charterOf(id)
		if err != nil || c.Version != version || c.Profile.Version != version || len(c.Officers) == 0 {
			t.Errorf("%s: charter %d, profile %d, %v", id, c.Version, c.Profile.Version, err)
		}
	}
	b.profileRefused(newer)
}

// profileRefused tries what must not be signed.
func (b *bureau) profileRefused(inForce string) {
	b.t.Helper()
	sign := func(path string, stations ...string) error {
		_, err := b.run(b.profileCommand(), append(append([]string{"sign", path}, stations...), b.specs...)...)
		return err
	}
	older := b.profileFile("1.toml")
	for name, refused := range map[string]error{
		"the same again": sign(inForce, "UTO-01"), "an older one": sign(older, "UTO-01"),
		"one that is in force at one of them": sign(inForce),
	} {
		if !errors.Is(refused, errOldProfile) {
			b.t.Errorf("%s: %v", name, refused)
		}
	}
	torn := b.profileFile("3.toml", "version = 1", "version = 3", "max_silence_days = 42", "max_silence_days = 2")
	if err := sign(torn); !errors.Is(err, station.ErrMalformed) {
		b.t.Errorf("contradicts itself: %v", err)
	}
	if err := sign(b.profileFile("4.toml", "version = 1", "version = 4\nsurprise = 1")); err == nil {
		b.t.Error("an unknown line was signed")
	}
	if err := sign(b.profileFile("5.toml", "version = 1", "version = 5"), "UTO-09"); !errors.Is(err, os.ErrNotExist) {
		b.t.Errorf("a station that is not enrolled: %v", err)
	}
	if c, err := b.charterOf("UTO-02"); err != nil || c.Version != 1 {
		b.t.Errorf("a refused profile changed something: charter %d, %v", c.Version, err)
	}
}

// TestEveryRuleHasWords: a line of a profile that officers sign is named in words.
func TestEveryRuleHasWords(t *testing.T) {
	var tags func(p reflect.Type)
	tags = func(p reflect.Type) {
		for i := range p.NumField() {
			if f := p.Field(i); f.Anonymous {
				tags(f.Type)
			} else if tag := f.Tag.Get("toml"); rules[tag] == "" {
				t.Errorf("no words for %s", tag)
			}
		}
	}
	tags(reflect.TypeFor[station.Profile]())
}
