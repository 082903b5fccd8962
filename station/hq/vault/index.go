package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"maps"
	"slices"

	"padarozhnik/station"
)

// mark is an HMAC over a trait, cut to 96 bits: two different traits never meet by accident.
type mark [12]byte

// markOf marks a trait under the vault's key. Words for likenesses of the same kind share a domain, so
// that an old passport meets a book of ours.
func markOf(key []byte, t station.Trait) mark {
	domain := t.Word
	if domain == station.SwappedNames {
		domain = station.LikeName
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte("padarozhnik/duplicate/1|" + domain + "|" + t.Text))
	return mark(h.Sum(nil)[:len(mark{})])
}

// index finds cases by marks. Most marks belong to one case; the others of a mark stand in more.
type index struct {
	tokens []station.CaseToken
	books  map[mark]int32 // the newest case that a number was ordered for
	known  map[station.CaseToken]*kept
	first  map[mark]int32
	more   map[mark][]int32
}

// kept is what renewals are judged by.
type kept struct {
	book   mark
	former *mark
	expiry station.Date
	number int32
}

func newIndex() index {
	return index{
		books: map[mark]int32{}, known: map[station.CaseToken]*kept{},
		first: map[mark]int32{}, more: map[mark][]int32{},
	}
}

// add takes in the marks of a case. A case that is there already gets its new number and dates.
func (x *index) add(token station.CaseToken, in indexed) {
	k := x.known[token]
	if k == nil {
		k = &kept{number: int32(len(x.tokens))}
		x.tokens = append(x.tokens, token)
		x.known[token] = k
	}
	k.book, k.former, k.expiry = in.Book, in.Former, in.Expiry
	x.books[in.Book] = k.number
	for _, m := range in.Exact {
		x.post(m.Mark, k.number)
	}
	x.post(in.Book, k.number)
	for _, m := range append(slices.Clone(in.Near), in.Birth...) {
		x.post(m, k.number)
	}
}

func (x *index) post(m mark, n int32) {
	have, ok := x.first[m]
	if !ok {
		x.first[m] = n
		return
	}
	if have != n && !slices.Contains(x.more[m], n) {
		x.more[m] = append(x.more[m], n)
	}
}

// find lists the cases that share a mark.
func (x *index) find(m mark) []station.CaseToken {
	n, ok := x.first[m]
	if !ok {
		return nil
	}
	out := []station.CaseToken{x.tokens[n]}
	for _, n := range x.more[m] {
		out = append(out, x.tokens[n])
	}
	return out
}

// maxLike bounds a list of candidates: more could not be reviewed, and would not fit an entry.
const maxLike = 40

// like lists the cases that share marks with an application, other than its own and the excused.
func (x *index) like(token station.CaseToken, marks []marked, excused map[station.CaseToken]bool) []Likeness {
	words := map[station.CaseToken][]string{}
	for _, m := range marks {
		for _, other := range x.find(m.Mark) {
			if other != token && !excused[other] && !slices.Contains(words[other], m.Word) {
				words[other] = append(words[other], m.Word)
			}
		}
	}
	var out []Likeness
	for _, other := range slices.Sorted(maps.Keys(words)) {
		slices.Sort(words[other])
		if out = append(out, Likeness{Case: other, Words: words[other]}); len(out) == maxLike {
			break
		}
	}
	return out
}

// renewed lists the cases whose books an application renews: the one whose number it names as the old
// passport's, and those that led to it, as long as each book is over.
func (x *index) renewed(former *mark, over func(station.CaseToken, kept) bool) map[station.CaseToken]bool {
	out := map[station.CaseToken]bool{}
	for former != nil {
		n, ok := x.books[*former]
		if !ok {
			break
		}
		token := x.tokens[n]
		k := x.known[token]
		if out[token] || !over(token, *k) {
			break
		}
		out[token] = true
		former = k.former
	}
	return out
}
