package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/station/lds/lint"
)

// errNotConformant says that files of a chip are not what the standard asks for.
var errNotConformant = errors.New("files do not conform to the standard")

// Bounds of a folder that is judged.
const (
	maxLintFiles = 256
	maxLintFile  = 1 << 20
	maxLintTrust = 16 << 20
)

func (p *program) ldsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "lds", Short: "Judge the files of a chip"}
	var asJSON, all bool
	var trust string
	judge := &cobra.Command{
		Use:   "lint DIR",
		Short: "Check the files DIR/*.bin and the country's certificates against the standard",
		Long: "Checks the files of a chip, as the demo leaves them or as an opened order holds them, against\n" +
			"ICAO Doc 9303. The country's certificates and lists are taken from --trust, or from the folder\n" +
			"trust beside DIR where there is one; without them their checks do not apply.",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			report, err := lintFolder(args[0], trust, time.Now())
			if err != nil {
				return err
			}
			if asJSON {
				err = p.json(struct {
					OK bool `json:"ok"`
					lint.Report
				}{report.OK(), report})
			} else {
				printReport(p.out, report, all)
			}
			if err == nil && !report.OK() {
				err = fmt.Errorf("%d checks failed: %w", report.Count(lint.Fail), errNotConformant)
			}
			return err
		},
	}
	judge.Flags().BoolVar(&asJSON, "json", false, "for another program, every check")
	judge.Flags().BoolVar(&all, "all", false, "show what passed and what does not apply, too")
	judge.Flags().StringVar(&trust, "trust", "", "folder of *.der and *.crl (default DIR/../trust)")
	cmd.AddCommand(judge)
	return cmd
}

// lintFolder judges the files of a folder. Certificates that are not self-signed, such as the
// document signer's that the demo leaves beside its root, are judged where they stand in EF.SOD.
func lintFolder(dir, trustDir string, at time.Time) (lint.Report, error) {
	raw, err := readFolder(dir, ".bin", maxLintFile)
	if err != nil {
		return lint.Report{}, err
	}
	if len(raw) == 0 {
		return lint.Report{}, fmt.Errorf("no *.bin in %s: %w", dir, os.ErrNotExist)
	}
	files := map[string][]byte{}
	for name, b := range raw {
		files[strings.TrimSuffix(name, ".bin")] = b
	}
	if trustDir == "" {
		trustDir = filepath.Join(dir, "..", "trust")
		if _, err := os.Stat(trustDir); errors.Is(err, os.ErrNotExist) {
			return lint.Lint(files, lint.Trust{}, at), nil
		}
	}
	certificates, err := readFolder(trustDir, ".der", maxLintFile)
	if err != nil {
		return lint.Report{}, err
	}
	lists, err := readFolder(trustDir, ".crl", maxLintTrust)
	if err != nil {
		return lint.Report{}, err
	}
	var trust lint.Trust
	for _, b := range certificates {
		if lint.IsCSCA(b) {
			trust.CSCA = append(trust.CSCA, b)
		}
	}
	for _, b := range lists {
		trust.CRL = append(trust.CRL, b)
	}
	return lint.Lint(files, trust, at), nil
}

// readFolder reads the files of a folder with a suffix, each of at most limit bytes.
func readFolder(dir, suffix string, limit int64) (map[string][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if len(entries) > maxLintFiles {
		return nil, fmt.Errorf("%s: more than %d files", dir, maxLintFiles)
	}
	out := map[string][]byte{}
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) != suffix {
			continue
		}
		name := filepath.Join(dir, e.Name())
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(io.LimitReader(f, limit+1))
		_ = f.Close()
		if err == nil && int64(len(b)) > limit {
			err = fmt.Errorf("%s: over %d bytes", name, limit)
		}
		if err != nil {
			return nil, err
		}
		out[e.Name()] = b
	}
	return out, nil
}

// printReport shows the failed checks, or all, and a line that counts them.
func printReport(w io.Writer, r lint.Report, all bool) {
	for _, c := range r.Checks {
		if all || c.Result == lint.Fail {
			fmt.Fprintf(w, "%-4s %-8s %s (%s): %s\n", c.Result, c.ID, c.Asks, c.Clause, c.Found)
		}
	}
	fmt.Fprintf(w, "%d checks: %d passed, %d failed, %d do not apply\n", len(r.Checks), r.Count(lint.Pass),
		r.Count(lint.Fail), r.Count(lint.NotApplicable))
}
