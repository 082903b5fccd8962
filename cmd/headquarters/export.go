package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"padarozhnik/station/hq/bundle"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
)

func (h *headquarters) exportCommand() *cobra.Command {
	var url, to string
	cmd := &cobra.Command{
		Use:   "export --station NAME FILE",
		Short: "Write a station's receipts, directives, orders and charter into a sealed file, for a stick",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := h.postOffice(url)
			if err != nil {
				return err
			}
			defer p.Close()
			done, err := p.export(cmd.Context(), to, args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: station %s: %d receipts, %d directives, ledger of %d entries\n",
				args[0], to, done.Receipts, done.Directives, done.Checkpoint.Size)
			return nil
		},
	}
	cmd.Flags().StringVar(&url, "ledger", "https://127.0.0.1:8443", "address of the ledger")
	cmd.Flags().StringVar(&to, "station", "", "station that the file is for")
	_ = cmd.MarkFlagRequired("station")
	return cmd
}

// maxKnown is how many trees that a station may have seen last are remembered.
const maxKnown = 8

// correspondence is what a station without a network is known to know. It only spares bytes: with
// none of it, answers begin at the start.
type correspondence struct {
	Made  int64   `json:"made"`  // of the newest bundle that came
	Known []int64 `json:"known"` // sizes of trees that it may have seen last, the newest first
	Seen  int64   `json:"seen"`  // that it said it has seen
	Own   int64   `json:"own"`   // leaf from which it lacks receipts
	After int64   `json:"after"` // leaf from which it lacks directives
}

func (p *postOffice) correspondenceFile(station string) string {
	return p.path("vault", "sticks", station+".json")
}

func (p *postOffice) correspondence(station string) (correspondence, error) {
	var c correspondence
	err := readJSON(p.correspondenceFile(station), &c)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return c, err
}

func (c *correspondence) may(size int64) {
	c.Known = slices.DeleteFunc(c.Known, func(k int64) bool { return k == size })
	c.Known = slices.Insert(c.Known, 0, size)
	c.Known = c.Known[:min(len(c.Known), maxKnown)]
}

// remember keeps what a bundle says that its station knows. A station that has seen more than the
// ledger holds shows that the ledger was restored from a backup: everything is answered anew.
func (p *postOffice) remember(ctx context.Context, out io.Writer, hello bundle.Hello) error {
	c, err := p.correspondence(hello.Station)
	if err != nil {
		return err
	}
	_, now, err := p.ledger.Link(ctx, 0, nil)
	if err != nil {
		return err
	}
	c.may(hello.Known)
	if hello.Made >= c.Made {
		c.Made, c.Seen, c.Own, c.After = hello.Made, hello.Known, hello.Own, hello.After
	}
	if hello.Known > now.Size {
		fmt.Fprintf(out, "ALARM: station %s has seen a ledger of %d entries, this one has %d: "+
			"it was restored from a backup\n", hello.Station, hello.Known, now.Size)
		c.Own, c.After = 0, 0
	}
	return writeJSON(p.correspondenceFile(hello.Station), c)
}

// export writes the answers to a station.
func (p *postOffice) export(ctx context.Context, to, path string) (bundle.Composed, error) {
	var none bundle.Composed
	if err := journal.CheckStation(to); err != nil {
		return none, err
	}
	key, err := p.stationKey(to)
	if err != nil {
		return none, err
	}
	pub, err := seal.ParsePublic(key.HPKE)
	if err != nil {
		return none, err
	}
	c, err := p.correspondence(to)
	if err != nil {
		return none, err
	}
	w, err := bundle.Create(path, bundle.Letter{
		Direction: bundle.ToStation, Recipient: pub, Signer: p.key,
		Hello: bundle.Hello{Station: to, Made: p.now().Unix(), Known: c.Seen, Own: c.Own, After: c.After},
	})
	if err != nil {
		return none, err
	}
	done, err := p.fill(ctx, w, to, c)
	if err != nil {
		w.Abort()
		return done, err
	}
	if err := w.Commit(); err != nil {
		return done, err
	}
	c.may(done.Checkpoint.Size)
	return done, writeJSON(p.correspondenceFile(to), c)
}

func (p *postOffice) fill(ctx context.Context, w *bundle.Writer, to string, c correspondence) (bundle.Composed, error) {
	done, err := bundle.Compose(ctx, w, p.ledger, c.Known)
	if err != nil {
		return done, err
	}
	signed, err := os.ReadFile(p.path("stations", to, "charter.cose"))
	if err != nil {
		return done, err
	}
	trust, err := os.ReadFile(p.path("stations", to, fileTrust))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return done, err
	}
	if err == nil {
		if err := w.Add(bundle.KindTrust, trust); err != nil {
			return done, err
		}
	}
	return done, w.Add(bundle.KindCharter, signed)
}
