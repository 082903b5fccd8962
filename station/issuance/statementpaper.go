package issuance

import (
	"strconv"
	"strings"
	"time"

	"padarozhnik/printing/paper"
	"padarozhnik/station"
)

// Paper lays a statement out for the file in the cupboard, in the language of texts; words are the journal's
// head in that language.
func (s Statement) Paper(texts map[string]string, words string) *paper.Sheet {
	say := func(key string) string { return texts["paper.stock."+key] }
	out := paper.New(say("title"), s.To.Time())
	if s.Training {
		out.Banner(texts["paper.training"])
	}
	out.Fact(say("station"), s.Station)
	out.Fact(say("period"), s.From.String()+" – "+s.To.String())
	out.Fact(say("entry"), s.Entry)
	out.Fact(say("words"), words)
	out.Fact(say("hash"), s.Head)
	out.Heading(say("reconciliation"))
	figures := []paper.Column{{Head: say("day"), WidthMM: 26}}
	for _, name := range []string{"opening", "received", "issued", "spoiled", "sent", "lost", "closing"} {
		figures = append(figures, paper.Column{Head: say(name), Right: true})
	}
	var days [][]string
	for _, day := range s.Days {
		days = append(days, figureRow(day.Day.String(), day.Figures))
	}
	out.Table(figures, append(days, figureRow(say("total"), s.Total)))
	out.Heading(say("stock"))
	var held [][]string
	for _, b := range s.Stock {
		held = append(held, []string{texts["ui.state."+string(b.State)], strconv.Itoa(b.Count), rangesText(b.Blanks)})
	}
	out.Table([]paper.Column{{Head: say("state"), WidthMM: 50}, {Head: say("count"), WidthMM: 24, Right: true},
		{Head: say("blanks")}}, held)
	out.Heading(say("movements"))
	var moves [][]string
	for _, m := range s.Movements {
		at := time.Unix(m.Time, 0).UTC().Format("2006-01-02 15:04")
		moves = append(moves, []string{m.Entry, at, texts["ui.kind."+m.Kind], rangesText(m.Blanks), m.By})
	}
	out.Table([]paper.Column{{Head: say("entry"), WidthMM: 16}, {Head: say("time"), WidthMM: 32}, {Head: say("what")},
		{Head: say("blanks"), WidthMM: 46}, {Head: say("by"), WidthMM: 18}}, moves)
	out.Signatures(say("custodian"), say("second"))
	return out
}

// figureRow writes one line of the equation, with what goes out as negative numbers.
func figureRow(day string, f station.Figures) []string {
	out := []string{day}
	for _, n := range []int{f.Opening, f.Received, -f.Issued, -f.Spoiled, -f.Sent, -f.Lost, f.Closing()} {
		out = append(out, strings.ReplaceAll(strconv.Itoa(n), "-", "−"))
	}
	return out
}

func rangesText(list []station.Range) string {
	texts := make([]string, len(list))
	for i, r := range list {
		texts[i] = r.String()
	}
	return strings.Join(texts, ", ")
}
