package station

import "strings"

// Named tells whether a person would find this application by what they typed: the beginnings of its
// names, in any order and in either alphabet. Fewer than three letters find nobody, so that nobody lists
// a desk by typing one.
func (a Application) Named(typed string) bool {
	words := strings.Fields(localName(typed))
	if len([]rune(strings.Join(words, ""))) < 3 {
		return false
	}
	who := a.Applicant
	latin := strings.ReplaceAll(zoneName(who.Surname)+"<"+zoneName(who.GivenNames), "<", " ")
	return begin(words, localName(who.LocalSurname+" "+who.LocalGivenNames)) || begin(words, localName(latin)) ||
		begin(words, localName(who.Surname+" "+who.GivenNames))
}

// begin tells whether each word begins one of the names.
func begin(words []string, names string) bool {
	have := strings.Fields(names)
	for _, w := range words {
		found := false
		for _, n := range have {
			found = found || strings.HasPrefix(n, w)
		}
		if !found {
			return false
		}
	}
	return true
}

// Is tells whether a typed text is this token: case, spaces and the hyphen do not matter.
func (t CaseToken) Is(typed string) bool {
	fold := func(s string) string {
		return strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(s))
	}
	return fold(typed) == fold(string(t)) && typed != ""
}
