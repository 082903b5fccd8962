package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/scanner"
)

// scannerCommand is the virtual document scanner as a program of its own.
func scannerCommand() *cobra.Command {
	var (
		dir    string
		listen string
		set    scanner.Settings
	)
	cmd := &cobra.Command{
		Use:   "scanner --desk DIR",
		Short: "Serve the virtual document scanner (eSCL over HTTP)",
		Long: "Serve the virtual document scanner (eSCL over HTTP).\n\n" +
			"Its glass shows the book at the desk's scanner place, else the next page of --pages.\n" +
			"It prints one line, \"listening http://HOST:PORT/eSCL\", when it is ready. The words\n" +
			"busy, busy=5s, unplugged, html, truncate, jam in DESK/faults/scanner make it fail.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := desk.Open(dir)
			if err != nil {
				return err
			}
			set.Desk, set.Dir = d, dir
			set.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			return serveScanner(cmd.Context(), cmd.OutOrStdout(), listen, set)
		},
	}
	f := cmd.Flags()
	f.StringVar(&dir, "desk", "", "directory of the simulated desk")
	f.StringVar(&set.Pages, "pages", "", "folder of PNG or JPEG pages, taken in name order while no book lies there")
	f.StringVar(&listen, "listen", "127.0.0.1:0", "address to listen on")
	f.Uint64Var(&set.Seed, "seed", 1, "seed of position, angle and noise")
	f.Float64Var(&set.SkewDeg, "skew", 1.5, "largest angle of a book in degrees")
	f.Float64Var(&set.ShiftMM, "shift", 5, "largest shift of a book in millimetres")
	f.Float64Var(&set.Noise, "noise", 2, "standard deviation of the sensor's noise in grey levels")
	f.Float64Var(&set.BlurMM, "blur", 0, "radius of the lens's blur in millimetres")
	f.Float64Var(&set.Lens.ScaleX, "scale-x", 1, "scale of what it sees, across")
	f.Float64Var(&set.Lens.ScaleY, "scale-y", 1, "scale of what it sees, along")
	f.Float64Var(&set.Lens.Shear, "shear", 0, "shear of what it sees")
	f.Float64Var(&set.Lens.Gamma, "gamma", 1, "of the greys that it sees")
	f.IntVar(&set.Quality, "quality", 90, "JPEG quality, 1 to 100")
	_ = cmd.MarkFlagRequired("desk")
	return cmd
}

// serveScanner listens, tells where on out, and serves until ctx ends.
func serveScanner(ctx context.Context, out io.Writer, listen string, set scanner.Settings) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("scanner: %w", err)
	}
	fmt.Fprintf(out, "listening http://%s/eSCL\n", l.Addr())
	return scanner.New(set).Serve(ctx, l)
}
