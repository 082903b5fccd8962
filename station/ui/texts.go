package ui

import (
	"fmt"
	"io/fs"
	"regexp"
	"time"

	"padarozhnik/resources"
)

// Languages of the window, Belarusian first.
func Languages() []string { return resources.Languages() }

// texts are the words of one language.
type texts struct {
	language string
	table    map[string]string
}

func newTexts(language string) (texts, error) { return textsIn(resources.Translations, language) }

func textsIn(files fs.FS, language string) (texts, error) {
	table, err := resources.TextsIn(files, language)
	if err != nil {
		return texts{}, err
	}
	for key, words := range table {
		table[key] = atTerminal.ReplaceAllString(words, "")
	}
	return texts{language, table}, nil
}

// atTerminal is what a sentence says to somebody without a window: which command does what a button here does.
var atTerminal = regexp.MustCompile(` \(stationctl [^()]*\)`)

// translations are the files of texts that a window has.
func (d Deps) translations() fs.FS {
	if d.Texts != nil {
		return d.Texts
	}
	return resources.Translations
}

// languages of a window: a file of texts is all that one needs.
func (d Deps) languages() []string { return resources.LanguagesIn(d.translations()) }

// languageName is how the speakers of a language call it.
func (d Deps) languageName(code string) string {
	t, err := textsIn(d.translations(), code)
	if err != nil {
		return code
	}
	return t.word("ui.language", code)
}

// text returns the words of a key with its arguments put in, and the key itself where there are
// none: a hole that can be read and reported.
func (t texts) text(key string, args ...any) string {
	s, ok := t.table[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}

// word is text for a value that the domain or a device names: where the language has no word for
// it, the domain's own is shown.
func (t texts) word(family, value string) string {
	if s, ok := t.table[family+"."+value]; ok {
		return s
	}
	return value
}

// moment writes a time of day in the clock's own zone.
func (t texts) moment(unix int64, at *time.Location) string {
	return time.Unix(unix, 0).In(at).Format(t.text("ui.time.layout"))
}
