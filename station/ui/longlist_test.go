package ui_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// watched is a store that counts how often it is asked.
type watched struct {
	issuance.Store
	asked atomic.Int64
}

// View implements issuance.Store.
func (w *watched) View(ctx context.Context, f func(issuance.Tx) error) error {
	w.asked.Add(1)
	return w.Store.View(ctx, f)
}

// Update implements issuance.Store.
func (w *watched) Update(ctx context.Context, f func(issuance.Tx) error) error {
	w.asked.Add(1)
	return w.Store.Update(ctx, f)
}

// manyBooklets is an office with so many blanks, whose list is shown.
func manyBooklets(t testing.TB, n int) (*office, *watched, *widget.List) {
	t.Helper()
	o := newOffice(t)
	var serials []station.Serial
	for i := range n {
		serials = append(serials, station.Serial(fmt.Sprintf("UT%07d", i+1)))
	}
	o.stock(serials...)
	store := &watched{Store: o.desk.Store}
	o.desk.Store = store
	o.room("C-01", "ui.stock.title")
	return o, store, find(o, func(l *widget.List) bool { return l.Length() == n })
}

// Scrolling ten thousand booklets draws the rows that can be seen, and asks the database nothing.
func TestLongListTouchesWhatIsSeen(t *testing.T) {
	o, store, list := manyBooklets(t, 10_000)
	rows := 0
	update := list.UpdateItem
	list.UpdateItem = func(i widget.ListItemID, c fyne.CanvasObject) { rows++; update(i, c) }
	store.asked.Store(0)
	seen := int(list.Size().Height/list.MinSize().Height) + 40
	for _, at := range []int{9_999, 5_000, 0} {
		rows = 0
		list.ScrollTo(at)
		if rows > 3*seen {
			t.Errorf("scrolling to %d drew %d rows", at, rows)
		}
	}
	if !o.says("UT0000001") {
		t.Error("the first booklet is not shown")
	}
	if n := store.asked.Load(); n != 0 {
		t.Errorf("scrolling asked the database %d times", n)
	}
	e := o.entry("ui.stock.search")
	test.Type(e, "9999")
	if list.Length() != 1 || store.asked.Load() != 0 {
		t.Errorf("the search found %d booklets and asked the database %d times", list.Length(), store.asked.Load())
	}
}

// BenchmarkLongList scrolls through ten thousand booklets and says how long the longest handler took, beside the
// mean one.
func BenchmarkLongList(b *testing.B) {
	_, _, list := manyBooklets(b, 10_000)
	var longest, all time.Duration
	turns := 0
	for b.Loop() {
		for at := 0; at < 10_000; at += 331 {
			began := time.Now()
			list.ScrollTo(at)
			took := time.Since(began)
			longest, all, turns = max(longest, took), all+took, turns+1
		}
	}
	b.ReportMetric(float64(longest.Microseconds())/1000, "ms-longest")
	b.ReportMetric(float64(longest)/(float64(all)/float64(turns)), "longest/mean")
}
