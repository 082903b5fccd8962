// Package passphrase gets the passphrase of a key file from the person at the terminal, or from a
// file in a training office.
package passphrase

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/term"
)

// ErrNoTerminal: nobody can be asked.
var ErrNoTerminal = errors.New("no terminal to ask for a passphrase; name a file with --passphrase-file")

// Read returns the first line of a file or, where file is empty, what is typed at the terminal.
func Read(file, prompt string) ([]byte, error) {
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("passphrase: %w", err)
		}
		line, _, _ := bytes.Cut(b, []byte("\n"))
		return bytes.TrimRight(line, "\r"), nil
	}
	in := int(os.Stdin.Fd())
	if !term.IsTerminal(in) {
		return nil, ErrNoTerminal
	}
	fmt.Fprint(os.Stderr, prompt+": ")
	b, err := term.ReadPassword(in)
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return nil, fmt.Errorf("passphrase: %w", err)
	}
	return b, nil
}
