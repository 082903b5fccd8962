package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/training"
	"padarozhnik/devices"
	"padarozhnik/devices/stream"
	"padarozhnik/printing"
	"padarozhnik/station/issuance"
)

// drawing is what `page render` was asked for.
type drawing struct {
	order, out   string
	dpi          int
	ink, preview bool
}

func (p *program) pageCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "page", Short: "Draw a data page"}
	var d drawing
	render := &cobra.Command{
		Use:   "render",
		Short: "Draw the page of an opened order: blank and ink together",
		Long: `Draw the page of an opened order: blank and ink together, or the ink alone as the printer gets it.
The ending of the file says as what: .png, .pwg (PWG raster), .pcl, or .pdf for the archive of specimens,
whose text stays text. A preview carries a watermark from edge to edge.`,
		Example: `  stationctl page render --order build/demo/order --dpi 600 --out page.png
  stationctl page render --order build/demo/order --ink --dpi 1200 --out page.pwg`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.render(cmd.Context(), d) },
	}
	render.Flags().StringVar(&d.order, "order", "", "directory of the opened order")
	render.Flags().StringVar(&d.out, "out", "page.png", "file to write: .png, .pwg, .pcl or .pdf")
	render.Flags().IntVar(&d.dpi, "dpi", 600, "resolution, 300 to 1200")
	render.Flags().BoolVar(&d.ink, "ink", false, "without what the maker of the booklet printed")
	render.Flags().BoolVar(&d.preview, "preview", false, "under a watermark, for a screen")
	_ = render.MarkFlagRequired("order")
	cmd.AddCommand(render)
	return cmd
}

// formats are how a page is written, by the ending of the file.
var formats = map[string]func(io.Writer, devices.Sheet, devices.Report) error{
	".png": func(w io.Writer, s devices.Sheet, _ devices.Report) error { return encodePNG(w, s.Image) },
	".pwg": stream.PWG{}.Encode,
	".pcl": stream.PCL{}.Encode,
}

func (p *program) render(ctx context.Context, d drawing) error {
	const fewest, most = 300, 1200
	ending := strings.ToLower(filepath.Ext(d.out))
	write, known := formats[ending]
	switch {
	case !known && ending != ".pdf":
		return usageError{fmt.Errorf("--out %s: want .png, .pwg, .pcl or .pdf", d.out)}
	case d.dpi < fewest || d.dpi > most:
		return usageError{fmt.Errorf("--dpi %d: want %d to %d", d.dpi, fewest, most)}
	}
	o, err := issuance.LoadOrder(d.order)
	if err != nil {
		return err
	}
	defer issuance.Destroy(&o)
	profile, err := training.Profile()
	if err != nil {
		return err
	}
	page, err := issuance.Page(profile, o)
	if err != nil {
		return err
	}
	page.Overprint = printing.Training // as the desk of the training office prints it
	layout, err := issuance.LayoutOf(profile)
	if err != nil {
		return err
	}
	serial := string(o.Serial)
	if d.ink {
		serial = ""
	}
	if ending == ".pdf" {
		return save(d.out, func(w io.Writer) error {
			return printing.WritePDF(ctx, w, page, layout, serial, time.Now())
		})
	}
	forme, err := printing.Compose(ctx, page, layout, printing.Options{DPI: d.dpi, Serial: serial, Preview: d.preview})
	if err != nil {
		return err
	}
	return save(d.out, func(w io.Writer) error {
		return write(w, devices.Sheet{Image: forme, DPI: d.dpi, Title: string(o.Serial)}, progress(p.errors))
	})
}

// save writes a file, and leaves none where it cannot be written to its end.
func save(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func encodePNG(w io.Writer, img image.Image) error {
	return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, img)
}
