package lint

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"padarozhnik/station/lds"
	"padarozhnik/station/lds/internal/ber"
	"padarozhnik/station/pki"
)

const (
	clauseSOD    = "Doc 9303-10, 4.6.2"
	clauseObject = "Doc 9303-10, 4.6.2.3"
)

// ldsObject is LDSSecurityObject.
type ldsObject struct {
	version, algorithm *ber.Node
	groups             []*ber.Node
	info               *ber.Node // LDSVersionInfo, nil where absent
	rest               int       // elements behind it
}

func openObject(d *signed) *ldsObject {
	if d == nil || d.data == nil || d.content.At(1, 0) == nil {
		return nil
	}
	n, err := ber.Parse(d.content.At(1, 0).Content)
	if err != nil || n.Tag != 0x30 || len(n.Children) < 3 {
		return &ldsObject{}
	}
	o := &ldsObject{version: n.At(0), algorithm: n.At(1), groups: n.At(2).Children}
	for _, g := range o.groups {
		if len(g.Children) != 2 || g.At(0).Tag != 2 || len(g.At(0).Content) != 1 || g.At(1).Tag != 4 {
			return &ldsObject{}
		}
	}
	if len(n.Children) > 3 {
		o.info, o.rest = n.At(3), len(n.Children)-4
	}
	return o
}

func (o *ldsObject) readable() bool { return o.version != nil }

// numbers returns the data groups, ascending and once each.
func (o *ldsObject) numbers() []int {
	set := map[int]bool{}
	for _, g := range o.groups {
		set[int(g.At(0).Content[0])] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// complete reports whether DG1 and DG2 are among the digests.
func (o *ldsObject) complete() bool {
	numbers := o.numbers()
	return slices.Contains(numbers, 1) && slices.Contains(numbers, 2)
}

// sodRules are about EF.SOD.
func sodRules() []rule {
	head := []rule{
		presence("SOD-01", clauseSOD, "EF.SOD"),
		wholeness("SOD-02", clauseSOD, "EF.SOD", 0x77),
	}
	return slices.Concat(head, signedRules(kindOf{"SOD", clauseSOD, "EF.SOD", pki.LDSSecurityObject(),
		func(s *subject) *signed { return s.sod }}), objectRules())
}

// objectRules are about the security object within.
func objectRules() []rule {
	object := func(s *subject) *ldsObject {
		if s.object == nil || !s.object.readable() || s.failed["SOD-04"] {
			return nil
		}
		return s.object
	}
	text := func(place int) func(*subject) *ber.Node {
		return func(s *subject) *ber.Node {
			if o := object(s); o != nil && o.info != nil && len(o.info.Children) == 2 && !s.failed["SOD-21"] {
				return o.info.At(place)
			}
			return nil
		}
	}
	return []rule{
		{"SOD-20", clauseObject, "the content is a security object", on(func(s *subject) *ldsObject { return s.object },
			func(_ *subject, o *ldsObject) finding { return judge(o.readable(), "%d digests", len(o.groups)) })},
		{"SOD-21", clauseObject, "it is version 0 without, or version 1 with the versions of LDS and Unicode",
			on(object,
				func(_ *subject, o *ldsObject) finding {
					old := isNumber(o.version, 0) && o.info == nil
					current := isNumber(o.version, 1) && o.info != nil && o.rest == 0 && len(o.info.Children) == 2
					return judge(old || current, "version of %d bytes", len(o.version.Content))
				})},
		{"SOD-22", "Doc 9303-12, 4.4", "data groups are digested by SHA-224 or longer", on(object,
			func(_ *subject, o *ldsObject) finding {
				return judge(hashOf(o.algorithm) != 0 &&
					hashOf(o.algorithm).Size() >= 28, "%d elements", len(o.algorithm.Children))
			})},
		{"SOD-23", clauseObject, "DG1 and DG2 are digested", on(object, func(_ *subject, o *ldsObject) finding {
			return judge(o.complete(), "%v", o.numbers())
		})},
		{"SOD-24", clauseObject, "digests stand in order of data groups 1 to 16, each once", on(object, digestOrder)},
		{"SOD-25", clauseObject, "digests have the length of their algorithm", on(object, digestLengths)},
		{"SOD-26", clauseObject, "each data group at hand is what was digested", on(object, digestMatch)},
		{"SOD-27", clauseObject, "each data group at hand has a digest", on(object,
			func(s *subject, o *ldsObject) finding {
				var without []int
				for n := range s.dataGroups() {
					if n > 2 && !slices.Contains(o.numbers(), n) {
						without = append(without, n)
					}
				}
				return judge(len(without) == 0, "without digest: %v", without)
			})},
		{"SOD-28", clauseObject, "the LDS version is 1.7 or 1.8", on(text(0),
			func(s *subject, n *ber.Node) finding {
				return judge(n.Tag == 0x13 &&
					(string(n.Content) == lds.Version107 || string(n.Content) == lds.Version108),
					"text of %d bytes", len(n.Content))
			})},
		{"SOD-29", clauseObject, "the Unicode version is 4.0.0", on(text(1), func(_ *subject, n *ber.Node) finding {
			return judge(n.Tag == 0x13 && string(n.Content) == lds.Unicode400, "text of %d bytes", len(n.Content))
		})},
		{"SOD-30", clauseDER, "the security object is DER", on(object, func(s *subject, o *ldsObject) finding {
			n, err := ber.Parse(s.sod.content.At(1, 0).Content)
			return judge(err == nil && n.NotDER() == "", "security object")
		})},
		{"SOD-31", "Doc 9303-12, 4.4", "digest algorithm of data groups has no parameters", on(object,
			func(_ *subject, o *ldsObject) finding {
				return judge(len(o.algorithm.Children) == 1, "%d elements", len(o.algorithm.Children))
			})},
	}
}

func digestOrder(_ *subject, o *ldsObject) finding {
	last := byte(0)
	for _, g := range o.groups {
		n := g.At(0).Content[0]
		if n <= last || n > lds.DataGroups {
			return fail("%d digests, %d data groups", len(o.groups), len(o.numbers()))
		}
		last = n
	}
	return judge(true, "%v", o.numbers())
}

func digestLengths(_ *subject, o *ldsObject) finding {
	h := hashOf(o.algorithm)
	if h == 0 {
		return skip("no algorithm")
	}
	for _, g := range o.groups {
		if len(g.At(1).Content) != h.Size() {
			return fail("digest of %d bytes", len(g.At(1).Content))
		}
	}
	return judge(true, "%d bytes", h.Size())
}

func digestMatch(s *subject, o *ldsObject) finding {
	h := hashOf(o.algorithm)
	if h == 0 || s.failed["SOD-24"] || s.failed["SOD-25"] {
		return skip("no algorithm, or an earlier check failed")
	}
	files := s.dataGroups()
	var wrong []int
	matched := 0
	for _, g := range o.groups {
		n := int(g.At(0).Content[0])
		b, there := files[n]
		if !there {
			continue
		}
		sum := h.New()
		sum.Write(b)
		if !bytes.Equal(sum.Sum(nil), g.At(1).Content) {
			wrong = append(wrong, n)
			continue
		}
		matched++
	}
	return judge(len(wrong) == 0, "%d match, %s", matched, differing(wrong))
}

func differing(numbers []int) string {
	if len(numbers) == 0 {
		return "none differ"
	}
	return fmt.Sprintf("data groups %v differ", numbers)
}
