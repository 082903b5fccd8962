package main

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	"padarozhnik/devices/chip/products"
	"padarozhnik/devices/pcsc"
	"padarozhnik/station/issuance"
	"padarozhnik/station/lds"
	"padarozhnik/station/mrz"
	"padarozhnik/station/pki"
)

func (p *program) chipCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "chip",
		Short: "Personalise or inspect the chip on a reader",
		Long: `Work with the chip of the booklet that lies on a PC/SC reader. Without --reader the one reader is taken
that has a chip on it.`,
	}
	cmd.AddCommand(p.chipPersonaliseCommand(), p.chipInspectCommand())
	return cmd
}

// chipFlags are common to both commands.
type chipFlags struct {
	reader, trust, trace string
	asJSON               bool
}

func (f *chipFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.reader, "reader", "", "name of the PC/SC reader (default: the one with a chip on it)")
	cmd.Flags().StringVar(&f.trust, "trust", "", "directory with trusted CSCA certificates and their revocation lists")
	cmd.Flags().StringVar(&f.trace, "trace", "", "write header, lengths and status of each command to this file")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print the result for another program")
}

// open returns the encoder, the trust store, and what closes the trace. kind is a driver or product; ""
// for the default one. Where no directory of trust is named, otherwise gives the store.
func (f *chipFlags) open(ctx context.Context, kind string, otherwise func() (*pki.TrustStore, error)) (
	devices.Encoder, *pki.TrustStore, func() error, error) {
	if f.trust != "" {
		otherwise = func() (*pki.TrustStore, error) { return pki.LoadTrustDir(f.trust) }
	}
	trust, err := otherwise()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("trust: %w", err)
	}
	var o chip.Options
	if kind != "" {
		if o.Product, err = products.Find(kind); err != nil {
			return nil, nil, nil, usageError{err}
		}
	}
	reader := strings.TrimPrefix(f.reader, "pcsc:")
	if reader == "" {
		if reader, err = pcsc.NewService(pcsc.Deadlines{}).Only(ctx); err != nil {
			return nil, nil, nil, err
		}
	}
	end := func() error { return nil }
	if f.trace != "" {
		file, err := os.OpenFile(f.trace, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, nil, err
		}
		o.Trace, end = file, file.Close
	}
	e, err := setup.OpenEncoder("pcsc:"+reader, o)
	return e, trust, end, err
}

func (p *program) chipPersonaliseCommand() *cobra.Command {
	var f chipFlags
	var order, driver string
	var tries int
	cmd := &cobra.Command{
		Use:   "personalise",
		Short: "Write an opened order's chip, read it back, prove it, lock it",
		Long: `Write the chip of an order that was opened to plain files under a training or specimen profile. The
station's own orders are sealed and are produced with "case personalise".

The chip is written, opened through its access protocol, read back byte for byte, verified and locked;
then it is proven that nothing can be read in clear and nothing written any more. A chip that is moved
meanwhile is waited for, and writing goes on where it stopped.`,
		Example: `  stationctl chip personalise --order build/demo/order --trust build/demo/trust
  stationctl chip personalise --order ORDER --trust TRUST --driver jmrtd --trace commands.txt --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := issuance.LoadOrder(order)
			if err != nil {
				return err
			}
			defer issuance.Destroy(&o)
			e, trust, end, err := f.open(cmd.Context(), driver, p.documents)
			if err != nil {
				return err
			}
			defer end()
			secrets := issuance.ChipOrder(o)
			again := func(error) {
				fmt.Fprintln(p.errors, "The booklet was moved. Put it back; writing goes on where it stopped.")
			}
			proof, err := devices.Persist(cmd.Context(), e, tries, secrets, trust, time.Now(), progress(p.errors), again)
			issuance.EraseChip(secrets)
			if f.asJSON && err == nil {
				return p.json(proof)
			}
			p.verdicts(proof.Verdicts)
			return err
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&order, "order", "", "directory of the opened order")
	cmd.Flags().StringVar(&driver, "driver", "", "kind of chip: gp (the reference chip, default) or jmrtd")
	cmd.Flags().IntVar(&tries, "tries", 3, "how often a chip that was torn away is gone on with")
	_ = cmd.MarkFlagRequired("order")
	return cmd
}

func (p *program) verdicts(list []devices.Verdict) {
	for _, v := range list {
		mark := map[bool]string{true: "ok  ", false: "NOT "}[v.OK]
		fmt.Fprintf(p.out, "%s %-24s %s\n", mark, v.Mechanism, v.Reason)
	}
}

// chipInspection is the --json form of an inspection; what is personal in files is never shown.
type chipInspection struct {
	Files    map[string]int    `json:"files"` // bytes
	Contents []chipEntry       `json:"contents"`
	Verdicts []devices.Verdict `json:"verdicts"`
}

func (p *program) chipInspectCommand() *cobra.Command {
	var f chipFlags
	var zone, can, dump, portrait string
	cmd := &cobra.Command{
		Use:   "inspect",
		Short: "Read a chip through its access protocol and verify it",
		Long: `Open the chip of a passport, also one of another country, with what is printed on its data page, read
every file that may be read, and check what makes the document authentic. It prints a tree of the files
with their sizes, and a line for each security mechanism with the reason of the verdict:

  PACE, BAC                     how the chip was opened
  passive authentication        the issuer's signature over the data, and its chain to a trusted CSCA
  EF.CardAccess                 what the chip offers in clear is what is signed
  EF.CardSecurity               the signature over the key of chip authentication mapping
  chip authentication mapping,
  active authentication,
  chip authentication           the chip holds its private keys, so it is no copy
  notices                       headquarters has not reported the book lost (in an office, without a network)

Without --trust the office of --config judges: its charter's CSCA certificates, and those of
headquarters' trust list ("trust list" shows them). The exit status is 1 where a mechanism fails. No
name, number or picture is printed; --portrait and --dump write them to files that only you can read.`,
		Example: `  stationctl chip inspect --can 314159 --trust build/demo/trust
  stationctl chip inspect --mrz "P<UTOERIKSSON<<ANNA<MARIA<<..." --trust TRUST --portrait face.jpg`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			password, err := chipPassword(zone, can)
			if err != nil {
				return err
			}
			e, trust, end, err := f.open(cmd.Context(), "", p.documents)
			if err != nil {
				return err
			}
			defer end()
			r, err := e.Inspect(cmd.Context(), password, trust, time.Now(), progress(p.errors))
			if err != nil {
				return err
			}
			if portrait != "" {
				if err := savePortrait(portrait, r); err != nil {
					return err
				}
			}
			if dump != "" {
				if err := dumpFiles(dump, r.Files); err != nil {
					return err
				}
			}
			if r.Verdicts, err = p.withNotices(cmd.Context(), r); err != nil {
				return err
			}
			return p.showInspection(r, f.asJSON)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&zone, "mrz", "", "the machine readable zone from the page, its lines in one")
	cmd.Flags().StringVar(&can, "can", "", "the card access number from the page, six digits")
	cmd.Flags().StringVar(&portrait, "portrait", "", "write the portrait to this file (.jpg; .jp2 for JPEG 2000)")
	cmd.Flags().StringVar(&dump, "dump", "", "write the chip's files into this directory")
	cmd.MarkFlagsOneRequired("mrz", "can")
	cmd.MarkFlagsMutuallyExclusive("mrz", "can")
	return cmd
}

// withNotices adds what the notices say that the office of the configuration carries. Where there is no
// office, or the book is another state's, they say nothing.
func (p *program) withNotices(ctx context.Context, r devices.ChipReading) ([]devices.Verdict, error) {
	zone, err := zoneOf(r)
	if err != nil {
		return r.Verdicts, nil // the other verdicts say what is wrong with the chip
	}
	c, err := setup.Load(p.config, os.LookupEnv)
	var reason string
	var lost, known bool
	if err == nil {
		reason, lost, known, err = setup.Reported(ctx, c, zone)
	}
	if errors.Is(err, os.ErrNotExist) || err == nil && !known {
		return r.Verdicts, nil
	}
	v := devices.Verdict{Mechanism: "notices", OK: !lost, Reason: "not reported lost"}
	if lost {
		v.Reason = "blank reported lost: " + reason
	}
	return append(r.Verdicts, v), err
}

// zoneOf reads the zone in DG1.
func zoneOf(r devices.ChipReading) (mrz.Document, error) {
	dg1, err := lds.ParseDG1(r.File("DG1"))
	if err != nil {
		return mrz.Document{}, err
	}
	lines, err := splitZone(dg1.MRZ)
	if err != nil {
		return mrz.Document{}, err
	}
	return mrz.Parse(lines)
}

func (p *program) showInspection(r devices.ChipReading, asJSON bool) error {
	var err error
	if v, failed := r.Failed(); failed {
		err = fmt.Errorf("%s: %w", v.Mechanism, devices.ErrNotAuthentic)
	}
	if asJSON {
		out := chipInspection{Files: map[string]int{}, Contents: chipEntries(r.Files), Verdicts: r.Verdicts}
		for _, f := range r.Files {
			out.Files[f.Name] = len(f.Data)
		}
		return errors.Join(p.json(out), err)
	}
	tree(p.out, chipEntries(r.Files))
	fmt.Fprintln(p.out, "security")
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
