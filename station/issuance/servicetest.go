package issuance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"padarozhnik/devices"
	"padarozhnik/printing/calibration"
	"padarozhnik/station/mrz/ocr"
)

// CardReading is what the scanner and the recogniser make of the MRZ test card.
type CardReading struct {
	Found    bool    `json:"found"`
	Same     bool    `json:"same"`     // every character as it stands on the card
	Accepted bool    `json:"accepted"` // and beyond doubt
	Weakest  float64 `json:"weakest"`  // score of the weakest character, 1 for a perfect print
}

// ReadCard scans the MRZ test card and reads it under the strict gate.
func (d *Desk) ReadCard(ctx context.Context, tech Seat) (CardReading, error) {
	if err := d.serving(ctx, tech); err != nil {
		return CardReading{}, fmt.Errorf("read the test card: %w", err)
	}
	defer d.atWork()()
	img, err := d.scanPage(ctx, bookSettings(), nil)
	if err != nil {
		return CardReading{}, fmt.Errorf("read the test card: %w", err)
	}
	read, err := ocr.Read(ctx, img, bookDPI)
	if errors.Is(err, ocr.ErrNoMRZ) {
		return CardReading{}, nil
	}
	if err != nil {
		return CardReading{}, fmt.Errorf("read the test card: %w", err)
	}
	zone := calibration.CardZone()
	out := CardReading{Found: true, Accepted: read.Accepted, Same: strings.Join(read.Lines, "\n") == strings.Join(zone[:], "\n"), Weakest: 1}
	for _, line := range read.Chars {
		for _, c := range line {
			out.Weakest = min(out.Weakest, c.Score)
		}
	}
	return out, nil
}

// Field is how a reader does with the test chip at one place of its antenna.
type Field struct {
	Place  string  `json:"place"`
	Reads  int     `json:"reads"`
	Errors int     `json:"errors"`
	Median float64 `json:"medianMS"` // of a good read, milliseconds
	Rate   float64 `json:"rate"`     // of a whole reading, bytes in a second; 0 where none was made
}

// FieldPlaces are the places of an antenna that are tried: its middle, its four edges, and above it.
func FieldPlaces() []string { return []string{"middle", "left", "right", "top", "bottom", "raised"} }

// chipReads are how often the chip is looked at in each place.
const chipReads = 10

// TestReader has the test chip laid at each place of the antenna, looks at it again and again, and counts
// what failed. lay returns when the chip lies there. With a password the chip is read whole in the
// middle, for its rate.
func (d *Desk) TestReader(
	ctx context.Context, tech Seat, lay func(ctx context.Context, place string) error, password *devices.Password,
) ([]Field, error) {
	var out []Field
	for _, place := range FieldPlaces() {
		if err := d.serving(ctx, tech); err != nil {
			return out, fmt.Errorf("test the reader: %w", err)
		}
		if err := lay(ctx, place); err != nil {
			return out, fmt.Errorf("test the reader: %w", err)
		}
		end := d.atWork()
		f, err := d.field(ctx, place)
		if err == nil && place == FieldPlaces()[0] && password != nil {
			f.Rate, err = d.rate(ctx, *password)
		}
		end()
		out = append(out, f)
		if err != nil {
			return out, fmt.Errorf("test the reader: %w", err)
		}
	}
	return out, nil
}

// field looks at the chip in one place. Only what says nothing of the antenna is an error.
func (d *Desk) field(ctx context.Context, place string) (Field, error) {
	f := Field{Place: place}
	var good []float64
	// A reader looks for a chip about twice a second. Where it finds none, that is what the reads will say.
	if _, err := within(ctx, noticeTime, d.noticed); err != nil && ctx.Err() != nil {
		return f, err
	}
	for range chipReads {
		start := d.elapsed()
		_, err := within(ctx, deviceTime, d.Encoder.Chip)
		f.Reads++
		switch {
		case err == nil:
			good = append(good, float64((d.elapsed()-start)/time.Microsecond)/1000)
		case errors.Is(err, devices.ErrNoChip), errors.Is(err, devices.ErrChipRemoved), errors.Is(err, devices.ErrProtocol):
			f.Errors++
		default:
			return f, err
		}
	}
	f.Median = median(good)
	return f, nil
}

// noticeTime is how long a reader may take to notice a chip.
const noticeTime = 3 * time.Second

func (d *Desk) noticed(ctx context.Context) (struct{}, error) { return struct{}{}, d.Encoder.Wait(ctx) }

// rateTime bounds the reading of a whole chip.
const rateTime = 90 * time.Second

// rate reads the whole chip and returns bytes in a second.
func (d *Desk) rate(ctx context.Context, p devices.Password) (float64, error) {
	start := d.elapsed()
	r, err := within(ctx, rateTime, func(ctx context.Context) (devices.ChipReading, error) {
		return d.Encoder.Inspect(ctx, p, d.Trust, d.Now(), nil)
	})
	if err != nil {
		return 0, err
	}
	bytes := 0
	for _, f := range r.Files {
		bytes += len(f.Data)
	}
	return float64(bytes) / max(1e-3, (d.elapsed()-start).Seconds()), nil
}
