package main

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name    string
		args    []string
		want    options
		refused bool
	}{
		{"defaults", nil, options{config: "station.toml", tokens: "tokens"}, false},
		{"tokens beside the configuration", []string{"--config", "/etc/p/station.toml"},
			options{config: "/etc/p/station.toml", tokens: "/etc/p/tokens"}, false},
		{"tokens on a stick", []string{"--tokens", "/media/stick"},
			options{config: "station.toml", tokens: "/media/stick"}, false},
		{"training", []string{"--training", "dir"},
			options{config: "station.toml", tokens: "tokens", training: "dir"}, false},
		{"argument", []string{"case"}, options{}, true},
		{"unknown flag", []string{"--screenshot", "x"}, options{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parse(c.args)
			if (err != nil) != c.refused {
				t.Fatalf("error %v, want refused %v", err, c.refused)
			}
			if !c.refused && got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	if _, err := parse([]string{"--help"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("--help: %v", err)
	}
}

func TestTokensIn(t *testing.T) {
	dir := t.TempDir()
	if _, err := tokensIn(dir); err == nil {
		t.Error("a directory without tokens is no error")
	}
	for _, name := range []string{"O-01.token", "E-01.token", "station.token", "E-01.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := tokensIn(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"E-01", "O-01"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
