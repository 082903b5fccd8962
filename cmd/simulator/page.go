package main

import (
	"context"
	"errors"
	"image/png"
	"os"

	"padarozhnik/printing"
)

// blankPage returns what draws the preprinted page of a new book, as the maker prints it.
func blankPage(ctx context.Context, dpi int) (func(serial, path string) error, error) {
	layout, err := printing.Utopia()
	if err != nil {
		return nil, err
	}
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	return func(serial, path string) error {
		img, err := printing.RenderBlank(ctx, serial, layout, dpi)
		if err != nil {
			return err
		}
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		return errors.Join(encoder.Encode(f, img), f.Close())
	}, nil
}
