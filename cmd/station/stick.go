package main

import (
	"context"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station/issuance"
)

// stick lets the window carry files where there is no network.
type stick struct{ office *setup.Office }

// Export implements ui.Stick.
func (s stick) Export(ctx context.Context, path string) (issuance.ExportReport, error) {
	return s.office.Export(ctx, path)
}

// Import implements ui.Stick.
func (s stick) Import(ctx context.Context, path string) (sum issuance.SyncReport, err error) {
	letters, err := s.office.Import(ctx, path)
	for _, l := range letters {
		sum.Receipts += l.Report.Receipts
		sum.Directives += l.Report.Directives
		sum.Orders += l.Report.Orders
		sum.Declined += l.Report.Declined
		sum.Restored = sum.Restored || l.Report.Restored
	}
	return sum, err
}
