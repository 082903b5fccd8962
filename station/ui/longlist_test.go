package ui_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
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

// Scrolling ten thousand booklets draws the rows that can be seen and no other, each at most twice, and asks the
// database nothing, wherever one jumps and however one turns the wheel.
func TestLongListTouchesWhatIsSeen(t *testing.T) {
	o, store, list := manyBooklets(t, 10_000)
	var drawn []int
	update := list.UpdateItem
	list.UpdateItem = func(i widget.ListItemID, c fyne.CanvasObject) { drawn = append(drawn, i); update(i, c) }
	store.asked.Store(0)
	seen := int(list.Size().Height/list.CreateItem().MinSize().Height) + 2 // the first and the last may be cut
	turn := func(what string, around int, do func()) {
		drawn = nil
		do()
		if n := len(drawn); n == 0 || n > 2*seen {
			t.Errorf("%s drew %d rows, %d can be seen", what, n, seen)
		}
		for _, i := range drawn {
			if i < around-seen || i > around+seen {
				t.Errorf("%s drew row %d", what, i)
			}
		}
	}
	for _, at := range []int{9_999, 5_000, 0} {
		turn(fmt.Sprintf("scrolling to %d", at), at, func() { list.ScrollTo(at) })
	}
	if !lists(list, "UT0000001") {
		t.Error("the first booklet is not shown")
	}
	turn("the wheel", 0, func() { wheel(list, -3) })
	if lists(list, "UT0000001") || !lists(list, "UT0000005") {
		t.Error("the wheel does not move the list")
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

// lists tells whether a row of a list that can be seen has such words.
func lists(list *widget.List, words string) (found bool) {
	walk(list, func(each fyne.CanvasObject) {
		if text, is := each.(*canvas.Text); is && strings.Contains(text.Text, words) {
			found = true
		}
	})
	return found
}

// wheel turns the wheel of the mouse over a list by so many rows.
func wheel(list *widget.List, rows float32) {
	walk(list, func(each fyne.CanvasObject) {
		if s, ok := each.(fyne.Scrollable); ok {
			s.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, rows*list.CreateItem().MinSize().Height)})
		}
	})
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
