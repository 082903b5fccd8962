package chip

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/products"
	"padarozhnik/station/lds"
	"padarozhnik/station/lds/tlv"
)

func cannotHold(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{devices.ErrCannotHold}, args...)...)
}

// lastBAC is the first day on which no document may be issued that opens by BAC alone (ICAO Doc
// 9303-11, amendment 2).
func lastBAC() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }

// checkOrder compares an order with what the product can hold, and with itself, and the product
// with the day of issue. It runs before the first write.
func checkOrder(p *products.Product, o devices.ChipOrder, issue time.Time) error {
	switch {
	case p.Access == products.AccessBAC && !issue.Before(lastBAC()):
		return fmt.Errorf("%w: %s has BAC alone", devices.ErrOutdatedAccess, p.Title)
	case len(o.ChipID) != p.Identifier.Length:
		return cannotHold("chip identifier of %d bytes", len(o.ChipID))
	case len(o.MRZHash) != 20:
		return cannotHold("MRZ password of %d bytes", len(o.MRZHash))
	case o.CAN != "" && !isCAN(o.CAN, p.Limits.CAN):
		return cannotHold("CAN that is not %d digits", p.Limits.CAN)
	}
	if err := checkFiles(p, o.Files); err != nil {
		return err
	}
	files := filesOf(o.Files)
	if err := checkSecrets(p, o, files); err != nil {
		return err
	}
	if err := files.matchesMRZ(o.MRZHash); err != nil {
		return fmt.Errorf("%w: %w", devices.ErrCannotHold, err)
	}
	return nil
}

// checkSecrets compares keys and access protocol with what the product has room and commands for.
func checkSecrets(p *products.Product, o devices.ChipOrder, files fileSet) error {
	if p.Channel == products.ChannelSCP03 {
		if len(o.SCP03.Enc) != 16 || len(o.SCP03.Mac) != 16 || len(o.SCP03.Dek) != 16 {
			return cannotHold("secure channel keys of another size")
		}
	}
	if p.Access == products.AccessPACE {
		if err := checkAccess(p, files["EF.CardAccess"]); err != nil {
			return err
		}
	}
	if err := checkKeys(p, o, files); err != nil {
		return err
	}
	return checkStores(p, o)
}

// checkStores demands that each secret fits one short command where the product cannot spread it over
// several.
func checkStores(p *products.Product, o devices.ChipOrder) error {
	w := &work{link: &link{product: p}, order: o}
	sealed := func(b []byte) []byte { return make([]byte, len(b)+16-len(b)%16) }
	for _, s := range p.Steps {
		if s.Do != products.Store || s.More != 0 {
			continue
		}
		data, _ := s.Data.Expand(w.field, sealed)
		clear(data)
		if len(data) > roomIn(p, p.Limits.Short) {
			return cannotHold("secret of %d bytes", len(data))
		}
	}
	return nil
}

func isCAN(s string, digits int) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return len(s) == digits
}

func checkFiles(p *products.Product, files []devices.ChipFile) error {
	seen := map[string]bool{}
	for _, f := range files {
		if seen[f.Name] {
			return cannotHold("%s twice", f.Name)
		}
		seen[f.Name] = true
		if products.Carries(p.Limits.Given, f.Name) {
			continue
		}
		if !products.Carries(p.Limits.Files, f.Name) {
			return cannotHold("file %q", f.Name)
		}
		if len(f.Data) > p.Limits.File {
			return cannotHold("%s of %d bytes", f.Name, len(f.Data))
		}
		if _, rest, err := tlv.Read(f.Data); err != nil || len(rest) != 0 {
			return cannotHold("%s is not one data object", f.Name)
		}
	}
	for _, name := range p.Limits.Required {
		if !seen[name] {
			return cannotHold("%s missing", name)
		}
	}
	return nil
}

// checkAccess demands that every way of PACE that the order announces is one of the chip's.
func checkAccess(p *products.Product, file []byte) error {
	access, err := lds.ParseCardAccess(file)
	if err != nil {
		return fmt.Errorf("%w: %w", devices.ErrCannotHold, err)
	}
	if len(access.Infos.PACE) == 0 {
		return cannotHold("no PACE in EF.CardAccess")
	}
	runnable, err := pace.ParseInfos(file)
	if err != nil || len(runnable) != len(access.Infos.PACE) {
		return cannotHold("access protocol of no standard")
	}
	for n, i := range access.Infos.PACE {
		if !runnable[n].Supported() {
			return cannotHold("%s with domain parameters %d", runnable[n].Protocol, runnable[n].ParameterID)
		}
		if !slices.Contains(p.Limits.PACE, i.OID.String()) {
			return cannotHold("access protocol %s", i.OID)
		}
		if i.ParameterID == nil || !slices.Contains(p.Limits.Parameters, *i.ParameterID) {
			return cannotHold("domain parameters of PACE")
		}
	}
	return nil
}

// checkRoom compares the order with a blank chip's free memory and with the files that it has from
// its maker.
func (l *link) checkRoom(ctx context.Context, o devices.ChipOrder, life devices.Life) error {
	need := 0
	for _, f := range o.Files {
		if !products.Carries(l.product.Limits.Given, f.Name) {
			need += len(f.Data) + l.product.Room.Overhead
			continue
		}
		has, ok := l.known[f.Name]
		if !ok {
			var err error
			if has, err = l.readMaster(ctx, f.Name); err != nil {
				return err
			}
		}
		if !bytes.Equal(has, f.Data) {
			return cannotHold("another %s than the chip has", f.Name)
		}
	}
	free, err := l.freeMemory(ctx, life)
	if err != nil {
		return err
	}
	if free >= 0 && free < need {
		return cannotHold("%d bytes, chip has room for %d", need, free)
	}
	return nil
}

// freeMemory is what a blank chip tells of its room, or what its product has; -1 where the files of
// an earlier try are in it already.
func (l *link) freeMemory(ctx context.Context, life devices.Life) (int, error) {
	room := l.product.Room
	switch {
	case room.Tag == 0 && room.Total > 0:
		return room.Total, nil
	case life != devices.LifeBlank || room.Tag == 0:
		return -1, nil
	}
	data, err := l.getData(ctx, room.Tag)
	if err != nil {
		return 0, err
	}
	field, err := tlv.Path(data, room.Field)
	if err != nil || len(field) == 0 || len(field) > 4 {
		return 0, fmt.Errorf("%w: free memory not told", devices.ErrProtocol)
	}
	return int(binary.BigEndian.Uint32(append(make([]byte, 4-len(field)), field...))), nil
}

// backToMaster makes the chip leave its session and selects the master file in clear.
func (l *link) backToMaster(ctx context.Context) error {
	if err := l.leave(ctx); err != nil || l.product.Leave == products.LeaveByPower {
		return err
	}
	_, err := l.plain(ctx, masterSelection())
	return err
}

// readMaster goes back to the master file and reads a file there.
func (l *link) readMaster(ctx context.Context, name string) ([]byte, error) {
	if err := l.backToMaster(ctx); err != nil {
		return nil, err
	}
	return l.readFree(ctx, name)
}
