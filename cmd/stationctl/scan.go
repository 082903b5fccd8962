package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/devices"
	"padarozhnik/devices/dnssd"
)

// feeder is a scanner that gives all pages of its feeder in one job.
type feeder interface {
	ScanFed(ctx context.Context, s devices.ScanSettings, report devices.Report, take func(devices.Scan) error) error
}

func (p *program) scanCommand() *cobra.Command {
	var device, out, region string
	var dpi int
	var gray, fed bool
	cmd := &cobra.Command{
		Use:   "scan",
		Short: "Scan one page into a file, or all pages of a feeder into several",
		Long: `Scan from a scanner by its address: http://HOST:PORT/eSCL (driverless), sane:NAME (any scanner of SANE,
through scanimage), or file:DIR (a folder into which somebody else scans). The file gets the bytes as the
scanner sent them; with --feeder, FILE becomes FILE-001, FILE-002 and so on.`,
		Example: `  stationctl scan --device http://192.0.2.7/eSCL --dpi 300 --region 0,0,170,130 --out page.jpg
  stationctl scan --device sane:airscan:e0:Scanner --gray --out page.png`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := p.scannerOf(device)
			if err != nil {
				return err
			}
			set := devices.ScanSettings{DPI: dpi}
			if set.Region, err = regionOf(region); err != nil {
				return err
			}
			if gray {
				set.Color = devices.Gray
			}
			if fed {
				return p.scanFed(cmd.Context(), s, set, out)
			}
			page, err := s.Scan(cmd.Context(), set, progress(p.errors))
			if err != nil {
				return err
			}
			return os.WriteFile(out, page.Data, 0o600)
		},
	}
	cmd.Flags().StringVar(&device, "device", "", "address of the scanner; the configuration's where it is left out")
	cmd.Flags().IntVar(&dpi, "dpi", 300, "resolution, 150 to 1200")
	cmd.Flags().StringVar(&out, "out", "scan.jpg", "file to write")
	cmd.Flags().StringVar(&region, "region", "", "part of the glass in millimetres: X,Y,WIDTH,HEIGHT")
	cmd.Flags().BoolVar(&gray, "gray", false, "without colour")
	cmd.Flags().BoolVar(&fed, "feeder", false, "all pages of the feeder")
	return cmd
}

// scanFed writes each page of a feeder to a file of its own.
func (p *program) scanFed(ctx context.Context, s devices.Scanner, set devices.ScanSettings, out string) error {
	f, ok := s.(feeder)
	if !ok {
		return fmt.Errorf("feeder: %w", devices.ErrUnsupported)
	}
	extension := filepath.Ext(out)
	n := 0
	return f.ScanFed(ctx, set, progress(p.errors), func(page devices.Scan) error {
		n++
		name := fmt.Sprintf("%s-%03d%s", strings.TrimSuffix(out, extension), n, extension)
		fmt.Fprintln(p.out, name)
		return os.WriteFile(name, page.Data, 0o600)
	})
}

// listenTime is how long answers from the network are waited for.
const listenTime = 2 * time.Second

// reportNetwork lists the scanners that announce themselves.
func (p *program) reportNetwork(ctx context.Context, asJSON bool) error {
	found, err := dnssd.Browse(ctx, dnssd.Scanners, listenTime)
	if err != nil {
		return err
	}
	reports := []deviceReport{}
	for _, f := range found {
		reports = append(reports, deviceReport{Kind: "scanner", OK: true, Detail: f.Name,
			Identity: devices.Identity{URI: f.URI(), Model: f.Texts["ty"]}})
	}
	if asJSON {
		return p.json(reports)
	}
	for _, r := range reports {
		fmt.Fprintf(p.out, "%-8s %s  %s  %s\n", r.Kind, r.Identity.URI, r.Identity.Model, r.Detail)
	}
	if len(reports) == 0 {
		fmt.Fprintln(p.out, "no scanner announces itself on this network")
	}
	return nil
}
