package main

import (
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	"padarozhnik/station/issuance"
	"padarozhnik/station/mrz"
	"padarozhnik/station/pki"
)

func (p *program) chipCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "chip", Short: "Personalise or inspect the chip on a reader"}
	cmd.AddCommand(p.chipPersonaliseCommand(), p.chipInspectCommand())
	return cmd
}

// chipFlags are common to both commands.
type chipFlags struct {
	reader, trust, trace string
	asJSON               bool
}

func (f *chipFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.reader, "reader", "", "name of the PC/SC reader")
	cmd.Flags().StringVar(&f.trust, "trust", "", "directory with CSCA certificates and revocation lists")
	cmd.Flags().StringVar(&f.trace, "trace", "", "write the commands to this file, everything personal masked")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "for another program")
	_ = cmd.MarkFlagRequired("reader")
}

// open returns the encoder, the trust store, and what closes the trace. Where no directory of trust is
// named, otherwise gives the store.
func (f *chipFlags) open(otherwise func() (*pki.TrustStore, error)) (
	devices.Encoder, *pki.TrustStore, func() error, error) {
	if f.trust != "" {
		otherwise = func() (*pki.TrustStore, error) { return pki.LoadTrustDir(f.trust) }
	}
	trust, err := otherwise()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("trust: %w", err)
	}
	var o chip.Options
	end := func() error { return nil }
	if f.trace != "" {
		file, err := os.OpenFile(f.trace, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, nil, err
		}
		o.Trace, end = file, file.Close
	}
	e, err := setup.OpenEncoder("pcsc:"+strings.TrimPrefix(f.reader, "pcsc:"), o)
	return e, trust, end, err
}

func (p *program) chipPersonaliseCommand() *cobra.Command {
	var f chipFlags
	var order string
	cmd := &cobra.Command{
		Use:   "personalise",
		Short: "Write an opened order's chip, read it back, prove it, lock it",
		Long: `Write the chip of an order that was opened to plain files under a training or specimen profile. The
station's own orders are sealed and are produced with "case personalise".`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := issuance.LoadOrder(order)
			if err != nil {
				return err
			}
			e, trust, end, err := f.open(p.documents)
			if err != nil {
				return err
			}
			defer end()
			proof, err := e.Personalise(cmd.Context(), issuance.ChipOrder(o), trust, time.Now(), progress(p.errors))
			if f.asJSON && err == nil {
				return p.json(proof)
			}
			p.verdicts(proof.Verdicts)
			return err
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&order, "order", "", "directory of the opened order")
	_ = cmd.MarkFlagRequired("order")
	_ = cmd.MarkFlagRequired("trust")
	return cmd
}

func (p *program) verdicts(list []devices.Verdict) {
	for _, v := range list {
		mark := map[bool]string{true: "ok  ", false: "NOT "}[v.OK]
		fmt.Fprintf(p.out, "%s %-24s %s\n", mark, v.Mechanism, v.Reason)
	}
}

// chipInspection is the --json form of an inspection; files are named, never shown.
type chipInspection struct {
	Files    map[string]int    `json:"files"` // bytes
	Verdicts []devices.Verdict `json:"verdicts"`
}

func (p *program) chipInspectCommand() *cobra.Command {
	var f chipFlags
	var zone, can, dump string
	cmd := &cobra.Command{
		Use:   "inspect",
		Short: "Read a chip through its access protocol and verify it",
		Long: `Read a chip through its access protocol and verify it, also one of another country. Without --trust the
office of --config judges: its charter's CSCA certificates, and those of headquarters' trust list
("trust list" shows them).`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			password, err := chipPassword(zone, can)
			if err != nil {
				return err
			}
			e, trust, end, err := f.open(p.documents)
			if err != nil {
				return err
			}
			defer end()
			r, err := e.Inspect(cmd.Context(), password, trust, time.Now(), progress(p.errors))
			if err != nil {
				return err
			}
			if dump != "" {
				if err := dumpFiles(dump, r.Files); err != nil {
					return err
				}
			}
			return p.showInspection(r, f.asJSON)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&zone, "mrz", "", "the machine readable zone, both lines in one")
	cmd.Flags().StringVar(&can, "can", "", "the card access number, six digits")
	cmd.Flags().StringVar(&dump, "dump", "", "write the chip's files into this directory")
	cmd.MarkFlagsOneRequired("mrz", "can")
	cmd.MarkFlagsMutuallyExclusive("mrz", "can")
	return cmd
}

func (p *program) showInspection(r devices.ChipReading, asJSON bool) error {
	var err error
	if v, failed := r.Failed(); failed {
		err = fmt.Errorf("%s: %w", v.Mechanism, devices.ErrNotAuthentic)
	}
	if asJSON {
		out := chipInspection{Files: map[string]int{}, Verdicts: r.Verdicts}
		for _, f := range r.Files {
			out.Files[f.Name] = len(f.Data)
		}
		if e := p.json(out); e != nil {
			return e
		}
		return err
	}
	for _, f := range r.Files {
		fmt.Fprintf(p.out, "file %-15s %6d bytes\n", f.Name, len(f.Data))
	}
	p.verdicts(r.Verdicts)
	return err
}

func chipPassword(zone, can string) (devices.Password, error) {
	if can != "" {
		return devices.Password{CAN: can}, nil
	}
	lines, err := splitZone(zone)
	if err != nil {
		return devices.Password{}, err
	}
	doc, err := mrz.Parse(lines)
	if err != nil {
		return devices.Password{}, fmt.Errorf("%w: %w", devices.ErrWrongPassword, err)
	}
	sum := sha1.Sum([]byte(doc.Information()))
	return devices.Password{MRZHash: sum[:]}, nil
}

// splitZone divides a zone that was typed in one piece.
func splitZone(text string) ([]string, error) {
	text = strings.Join(strings.Fields(strings.ToUpper(text)), "")
	sizes := map[int]int{88: 44, 72: 36, 90: 30}
	width := sizes[len(text)]
	if width == 0 {
		return nil, usageError{fmt.Errorf("a machine readable zone has 88, 72 or 90 characters, not %d", len(text))}
	}
	var lines []string
	for ; len(text) > 0; text = text[width:] {
		lines = append(lines, text[:width])
	}
	return lines, nil
}

func dumpFiles(dir string, files []devices.ChipFile) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name+".bin"), f.Data, 0o600); err != nil {
			return err
		}
	}
	return nil
}
