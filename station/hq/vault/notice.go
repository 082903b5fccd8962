package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// Notice is what two officers revoked in one ceremony. Revoked goes to every station; the stations
// named in it get nothing any more.
type Notice struct {
	Revoked  event.Revoked `json:"revoked"`
	Stations []string      `json:"stations"`
}

// tell gives every station the notices that it has not had, and the past to one on new hardware.
func (v *Vault) tell(ctx context.Context) (int, error) {
	notices := []Notice(nil)
	if v.Notices != nil {
		var err error
		if notices, err = v.Notices(); err != nil {
			return 0, fmt.Errorf("notices: %w", err)
		}
	}
	v.gone = map[string]bool{}
	for _, n := range notices {
		for _, s := range n.Stations {
			v.gone[s] = true
		}
	}
	given := 0
	for name, o := range v.offices {
		if v.gone[name] {
			continue
		}
		parts, err := v.revive(ctx, o)
		if err != nil {
			return given, fmt.Errorf("past of %s: %w", name, err)
		}
		given += parts
		for _, n := range notices {
			told, err := v.notify(ctx, o, n.Revoked)
			if err != nil {
				return given, fmt.Errorf("notice to %s: %w", name, err)
			}
			given += told
		}
	}
	return given, nil
}

// notify gives a station one notice, once.
func (v *Vault) notify(ctx context.Context, o *office, r event.Revoked) (int, error) {
	body, err := journal.Encode(r)
	if err != nil {
		return 0, err
	}
	if o.notices[sha256.Sum256(body)] {
		return 0, nil
	}
	if err := v.direct(ctx, o, directive{kind: event.NoticeRevoked, body: r}); err != nil {
		return 0, err
	}
	last, _ := o.directives.Last()
	v.Log.Info("notice given", "station", o.Charter.Station, "reason", r.Reason)
	return 1, o.noticed(last.Entry)
}

// noticed takes in a notice that the station was given. From here on in the ledger's order the keys
// that it names sign nothing more on this chain.
func (o *office) noticed(e journal.Entry) error {
	var r event.Revoked
	if err := journal.Decode(e.Body, &r); err != nil {
		return fmt.Errorf("notice: %w: %w", ErrChain, err)
	}
	o.notices[sha256.Sum256(e.Body)] = true
	o.revoked.Officers = append(o.revoked.Officers, r.Officers...)
	o.revoked.Blanks = append(o.revoked.Blanks, r.Blanks...)
	o.revoked.Signers = append(o.revoked.Signers, r.Signers...)
	for _, digest := range r.Signers {
		if s := o.missionSigner(digest); s != nil {
			s.revoked = true
		}
	}
	return nil
}

// lost tells whether a notice revoked a serial.
func (o *office) lost(s station.Serial) bool { return o.revoked.HasBlank(s) }

// signerRevoked tells whether a notice revoked the document signer that this vault signs with.
func (v *Vault) signerRevoked() bool {
	if v.Document.Certificate == nil {
		return false
	}
	own := sha256.Sum256(v.Document.Certificate.Raw)
	for _, o := range v.offices {
		if slices.ContainsFunc(o.revoked.Signers, func(s []byte) bool { return bytes.Equal(s, own[:]) }) {
			return true
		}
	}
	return false
}
