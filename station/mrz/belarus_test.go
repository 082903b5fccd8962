package mrz_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"padarozhnik/station/mrz"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestSpellingsGolden writes common names under every rule and as the zone has them.
func TestSpellingsGolden(t *testing.T) {
	const golden = "testdata/spellings.golden"
	names := []struct {
		lang mrz.Language
		name string
	}{
		{mrz.Belarusian, "Марыя"}, {mrz.Belarusian, "Юлія Іванаўна"}, {mrz.Belarusian, "Сяргей"},
		{mrz.Belarusian, "Аляксандр Дзмітрыевіч"}, {mrz.Belarusian, "Уладзімір Быкаў"}, {mrz.Belarusian, "Васіль"},
		{mrz.Belarusian, "Васільеў"}, {mrz.Belarusian, "Наталля Шчарбакова-Ганчар"}, {mrz.Belarusian, "Мар’яна"},
		{mrz.Belarusian, "ЯЎГЕН ЖУК"}, {mrz.Belarusian, "Хведар Цялушкін"}, {mrz.Belarusian, "Ёсіф Лёсік"},
		{mrz.Belarusian, "Ян Чачот"}, {mrz.Belarusian, "Кацярына Рудзь"}, {mrz.Belarusian, "Юсць Чыж"},
		{mrz.Belarusian, "Зьміцер"}, {mrz.Belarusian, "Ігнат"}, {mrz.Belarusian, "Прыгожанькі"},
		{mrz.Russian, "Мария"}, {mrz.Russian, "Сергей Щербаков"}, {mrz.Russian, "Юлия Подъячева"},
		{mrz.Russian, "Фёдор"}, {mrz.Ukrainian, "Євген"},
	}
	var b strings.Builder
	for _, n := range names {
		list, err := mrz.Spellings(n.name, n.lang)
		if err != nil {
			t.Fatalf("%s: %v", n.name, err)
		}
		for _, s := range list {
			zone, err := mrz.EncodeName(s.Text, "", 39, mrz.NameOptions{})
			if err != nil {
				t.Fatalf("%s: %v", n.name, err)
			}
			b.WriteString(strings.Join([]string{
				string(n.lang), n.name, string(s.Rule), s.Text, strings.TrimRight(zone, "<"),
			}, "\t") + "\n")
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("spellings differ from %s:\n%s", golden, b.String())
	}
}

func TestRomanise(t *testing.T) {
	cases := []struct {
		name, in string
		rule     mrz.Rule
		want     string
	}{
		{"j at the start", "Яна", mrz.RuleMinistry, "Jana"},
		{"j after a vowel", "Марыя", mrz.RuleMinistry, "Maryja"},
		{"j after an apostrophe", "Мар'яна", mrz.RuleMinistry, "Marjana"},
		{"j after short u", "Соўя", mrz.RuleMinistry, "Sowja"},
		{"i after a consonant", "Сяргей", mrz.RuleMinistry, "Siargiej"},
		{"soft consonants", "Зьніць Даль Рысь Дзень", mrz.RuleMinistry, "Źnić Daĺ Ryś Dzień"},
		{"capitals", "ЖУК", mrz.RuleMinistry, "ZHUK"},
		{"one capital", "Ж", mrz.RuleMinistry, "Zh"},
		{"hard and soft l", "Лявон Лазар Ліда Соль Наталля", mrz.RuleLacinka, "Lavon Łazar Lida Sol Natalla"},
		{"hooks", "Жыцень Чыж Шаўцоў Хадзько", mrz.RuleLacinka, "Žycień Čyž Šaŭcoŭ Chadźko"},
		{"standard", "Ганна Ўладзіміраўна", mrz.RuleDoc9303, "Hanna Uladzimirauna"},
	}
	for _, c := range cases {
		got, err := mrz.Romanise(c.in, mrz.Belarusian, c.rule)
		if err != nil || got.Text != c.want || got.Rule != c.rule {
			t.Errorf("%s: %q, %v; want %q", c.name, got.Text, err, c.want)
		}
	}
	if _, err := mrz.Romanise("Щукин", mrz.Belarusian, mrz.RuleMinistry); !errors.Is(err, mrz.ErrName) {
		t.Errorf("a letter that Belarusian does not have: %v", err)
	}
	if _, err := mrz.Romanise("Мария", mrz.Russian, mrz.RuleLacinka); !errors.Is(err, mrz.ErrName) {
		t.Errorf("a rule that has no such language: %v", err)
	}
}
