package ui_test

import (
	"image"
	"reflect"
	"strings"
	"testing"

	"padarozhnik/station/issuance"
	"padarozhnik/station/ui"
)

// remains searches everything that a window holds, shown or not, for words and for pictures of persons.
type remains struct {
	words []string
	seen  map[visit]bool
	found []string
}

type visit struct {
	at   uintptr
	kind reflect.Type
}

// nothingOf fails where the window still holds any of the words, or a picture, in a field, a cache or a widget
// that is on no screen, and where the clipboard holds anything.
func (o *office) nothingOf(t *testing.T, words ...string) {
	t.Helper()
	r := &remains{words: words, seen: map[visit]bool{}}
	r.walk(reflect.ValueOf(o.window), "window", 0)
	if len(r.found) > 0 {
		t.Errorf("the window still holds a person's data:\n%s", strings.Join(r.found, "\n"))
	}
	if s := o.app.Clipboard().Content(); s != "" {
		t.Errorf("the clipboard still holds %q", s)
	}
	if len(r.seen) < 1000 {
		t.Fatalf("only %d objects were searched", len(r.seen))
	}
}

// holds tells whether the same search finds a word.
func (o *office) holds(word string) bool {
	r := &remains{words: []string{word}, seen: map[visit]bool{}}
	r.walk(reflect.ValueOf(o.window), "window", 0)
	return len(r.found) > 0
}

// outside are what the window works with and does not own.
var outside = []reflect.Type{reflect.TypeFor[issuance.Desk](), reflect.TypeFor[ui.Deps](), reflect.TypeFor[testing.T]()}

func (r *remains) walk(v reflect.Value, path string, depth int) {
	if !v.IsValid() || depth > 60 {
		return
	}
	for _, t := range outside {
		if v.Type() == t {
			return
		}
	}
	switch v.Kind() {
	case reflect.String:
		r.text(v.String(), path)
	case reflect.Pointer, reflect.Map:
		if v.IsNil() || r.seen[visit{v.Pointer(), v.Type()}] {
			return
		}
		r.seen[visit{v.Pointer(), v.Type()}] = true
		if v.Kind() == reflect.Map {
			for _, k := range v.MapKeys() {
				r.walk(k, path+"[key]", depth+1)
				r.walk(v.MapIndex(k), path+"["+k.Kind().String()+"]", depth+1)
			}
			return
		}
		r.picture(v, path)
		r.walk(v.Elem(), path, depth+1)
	case reflect.Interface:
		r.walk(v.Elem(), path, depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			r.walk(v.Field(i), path+"."+v.Type().Field(i).Name, depth+1)
		}
	case reflect.Slice, reflect.Array:
		r.list(v, path, depth)
	}
}

func (r *remains) list(v reflect.Value, path string, depth int) {
	switch v.Type().Elem().Kind() {
	case reflect.Int32: // runes of a text
		var b strings.Builder
		for i := range v.Len() {
			b.WriteRune(rune(v.Index(i).Int()))
		}
		r.text(b.String(), path)
	case reflect.Uint8:
		if v.Kind() == reflect.Slice {
			r.text(string(v.Bytes()), path)
		}
	case reflect.Bool, reflect.Int, reflect.Float32, reflect.Float64, reflect.Uint16, reflect.Uint32:
	default:
		for i := range v.Len() {
			r.walk(v.Index(i), path+"[]", depth+1)
		}
	}
}

func (r *remains) text(s, path string) {
	for _, w := range r.words {
		if strings.Contains(s, w) {
			r.found = append(r.found, path+": "+w)
		}
	}
}

// picture reports an image large enough to be of a person or of a page.
func (r *remains) picture(v reflect.Value, path string) {
	if !v.Type().Implements(reflect.TypeFor[image.Image]()) {
		return
	}
	if b := v.Elem().FieldByName("Rect"); b.IsValid() && b.Type() == reflect.TypeFor[image.Rectangle]() {
		size := b.Field(1).Field(0).Int() - b.Field(0).Field(0).Int()
		if size >= 60 {
			r.found = append(r.found, path+": a picture "+v.Type().String())
		}
	}
}
