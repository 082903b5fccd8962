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

// TestSpellingsGolden writes given names and surnames, each alone, under every rule and as the zone
// has them.
func TestSpellingsGolden(t *testing.T) {
	const golden = "testdata/spellings.golden"
	names := map[mrz.Language][]string{
		mrz.Belarusian: {
			"Ёлкін", "Ёрш", "Ёсіф", "Іаан", "Іванаўна", "Ігнат", "Ілля", "Ількевіч", "Ілья", "Ільіна", "Іпатава",
			"Ірына", "Акудовіч", "Акулін", "Алесь", "Аляксандр", "Аляксей", "Анастасія", "Анатоль", "Андрэй",
			"Андрэйчык", "Антон", "Арабей", "Аркадзь", "Артымовіч", "Арцём", "Багдан", "Багдановіч", "Бандарэнка",
			"Баравікова", "Барадулін", "Браніслаў", "Будны", "Буйло", "Бураўкін", "Быкаў", "Бітэль", "Валянцін",
			"Ванькоў", "Васіль", "Васільеў", "Вацлаў", "Вераб’ёва", "Вераніка", "Верас", "Вольга", "Вярцінскі",
			"Віктар", "Вінцэнт", "В’юнова", "Галубок", "Галіна", "Ганна", "Гарун", "Гарэцкі", "Генадзь", "Геніюш",
			"Георгій", "Грудзь", "Грыб", "Грыневіч", "Гумянюк", "Гілевіч", "Дар’я", "Дзмітрыевіч", "Дзмітрый",
			"Дзядзінка", "Дзяніс", "Дунін-Марцінкевіч", "Дынько", "Ефрасіння", "Еўдакія", "ЖУК", "Жанна", "Жлуткіна",
			"Жыбуль", "Зоя", "Зьміцер", "Зінаіда", "Казімір", "Каліноўскі", "Канстанцыя", "Кастусь", "Кацярына",
			"Кляшторная", "Краўцоў", "Ксенія", "Куляшоў", "Кінскі", "Кірыл", "Ларыса", "Ластоўскі", "Лось", "Лук’янчык",
			"Любоў", "Людміла", "Лябецкі", "Лявон", "Лялько", "Ляўданская", "Лёсік", "Лідзія", "Лілія", "Макар",
			"Максім", "Марыя", "Мар’яна", "Мацкевіч", "Мая", "Мечыслаў", "Мушынская", "Мядзёлка", "Мікалай",
			"Міраслава", "Міхась", "Надзея", "Настасся", "Наталля", "Новік", "Нэлі", "Ніл", "Пархута", "Паўліна",
			"Прыгожанькі", "Пуцэйка", "Пётр", "Рагнеда", "Раіса", "Ростань", "Рублеўская", "Рудзь", "Русакова", "Рыгор",
			"Рэйтан", "Салаўёва", "Сваяк", "Святлана", "Севярынец", "Скарына", "Соф’я", "Станюта", "Станіслаў",
			"Стэфанія", "Сушкоў", "Сымон", "Сьвірская", "Сяргей", "Сіповіч", "Сітнік", "Тадэвуш", "Тарас", "Таццяна",
			"Трэмль", "Тулупава", "Уладзімір", "Уладзіслаў", "Фаіна", "Францішак", "Філіпенка", "Хадкевіч",
			"Хвастоўскі", "Хведар", "Хрысціна", "Цеслякевіч", "Цыганкова", "Цьмоўскі", "Цялушкін", "Цётка", "Ціханюк",
			"Чарняк", "Чачот", "Чыж", "Чэслаў", "Шпакоўская", "Шукевіч", "Шура", "Шушкевіч", "Шчарбакова-Ганчар",
			"Эдуард", "Эльвіра", "Эма", "Эпімах-Шыпіла", "Юзэфа", "Юльяна", "Юлія", "Юры", "Юрый", "Юрэвіч", "Юр’еў",
			"Юсць", "ЯЎГЕН", "Ягорава", "Ядзвіга", "Якуб", "Яленская", "Ян", "Янка", "Янішчыц", "Яраслаў", "Ярына",
			"Яўгенія",
		},
		mrz.Russian: {
			"Адъютантов", "Васильева", "Вьюнова", "Дмитрий", "Ева", "Жилин", "Зельдина", "Игорь", "Кузьмич", "Лапицкий",
			"Любовь", "Мария", "Наталья", "Объедков", "Подъячева", "Сергей", "Соловьёв", "Татьяна", "Фёдор", "Хрисанф",
			"Цыганков", "Щербаков", "Эдуард", "Юлия", "Юрий", "Ярослав",
		},
		mrz.Ukrainian: {"Євген"},
	}
	var b strings.Builder
	for _, lang := range []mrz.Language{mrz.Belarusian, mrz.Russian, mrz.Ukrainian} {
		for _, name := range names[lang] {
			list, err := mrz.Spellings(name, lang)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, s := range list {
				zone, err := mrz.EncodeName(s.Text, "", 39, mrz.NameOptions{})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				b.WriteString(strings.Join([]string{
					string(lang), name, string(s.Rule), s.Text, strings.TrimRight(zone, "<"),
				}, "\t") + "\n")
			}
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
		lang     mrz.Language
		rule     mrz.Rule
		want     string
	}{
		{"j at the start", "Яна", mrz.Belarusian, mrz.RuleMinistry, "Jana"},
		{"j after a vowel", "Марыя", mrz.Belarusian, mrz.RuleMinistry, "Maryja"},
		{"j after an apostrophe", "Мар'яна", mrz.Belarusian, mrz.RuleMinistry, "Marjana"},
		{"j after short u", "Соўя", mrz.Belarusian, mrz.RuleMinistry, "Sowja"},
		{"i after a consonant", "Сяргей", mrz.Belarusian, mrz.RuleMinistry, "Siargiej"},
		{"soft consonants", "Зьніць Даль Рысь Дзень", mrz.Belarusian, mrz.RuleMinistry, "Źnić Daĺ Ryś Dzień"},
		{"the register's examples", "Ева Васільева Васілёнак Ёрш Вераб’ёў Салаўёва Любоў В’юноў Чарняк Дар’я",
			mrz.Belarusian, mrz.RuleMinistry,
			"Jeva Vasiĺjeva Vasilionak Jorsh Vierabjow Salawjova Liubow Vjunow Charniak Darja"},
		{"the register's examples, Russian", "Ева Васильева Адъютантов", mrz.Russian, mrz.RuleMinistry,
			"Eva Vasiĺeva Adjutantov"},
		{"passport, no marks and h", "Васільева Ганна Ігар", mrz.Belarusian, mrz.RulePassport, "Vasiljeva Hanna Ihar"},
		{"passport, i after y", "Марыя Міховіч", mrz.Belarusian, mrz.RulePassport, "Maryia Mikhovich"},
		{"passport, last j", "Юрый Мікалай Дзмітрый-Юрый", mrz.Belarusian, mrz.RulePassport, "Jury Mikalaj Dzmitry-Jury"},
		{"passport, capitals", "СВЯТЛАНА МІХАІЛ", mrz.Belarusian, mrz.RulePassport, "SVIATLANA MIKHAIL"},
		{"passport, Russian", "Васильева Игорь Щука", mrz.Russian, mrz.RulePassport, "Vasileva Igor Shchuka"},
		{"capitals", "ЖУК", mrz.Belarusian, mrz.RuleMinistry, "ZHUK"},
		{"one capital", "Ж", mrz.Belarusian, mrz.RuleMinistry, "Zh"},
		{"hard and soft l", "Лявон Лазар Ліда Соль Наталля", mrz.Belarusian, mrz.RuleLacinka,
			"Lavon Łazar Lida Sol Natalla"},
		{"hooks", "Жыцень Чыж Шаўцоў Хадзько", mrz.Belarusian, mrz.RuleLacinka, "Žycień Čyž Šaŭcoŭ Chadźko"},
		{"standard", "Ганна Ўладзіміраўна", mrz.Belarusian, mrz.RuleDoc9303, "Hanna Uladzimirauna"},
	}
	for _, c := range cases {
		got, err := mrz.Romanise(c.in, c.lang, c.rule)
		if err != nil || got.Text != c.want || got.Rule != c.rule {
			t.Errorf("%s: %q, %v; want %q", c.name, got.Text, err, c.want)
		}
	}
	for _, c := range []struct {
		name, in string
		lang     mrz.Language
		rule     mrz.Rule
	}{
		{"a letter that Belarusian does not have", "Щукин", mrz.Belarusian, mrz.RuleMinistry},
		{"a letter that Russian does not have", "Ўладзімір", mrz.Russian, mrz.RulePassport},
		{"a rule that has no such language", "Мария", mrz.Russian, mrz.RuleLacinka},
	} {
		if _, err := mrz.Romanise(c.in, c.lang, c.rule); !errors.Is(err, mrz.ErrName) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
