package lint

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"padarozhnik/station/lds"
	"padarozhnik/station/lds/tlv"
)

const clauseCOM = "Doc 9303-10, 4.6.1"

// comRules are about EF.COM.
func comRules() []rule {
	com := func(s *subject) *container {
		if s.failed["COM-04"] {
			return nil
		}
		return s.com
	}
	field := func(tag uint32) func(*subject) *[]byte {
		return func(s *subject) *[]byte {
			if c := com(s); c != nil {
				value, _ := tlv.Find(c.elements, tag)
				return &value
			}
			return nil
		}
	}
	return []rule{
		presence("COM-01", clauseCOM, "EF.COM"),
		wholeness("COM-02", clauseCOM, "EF.COM", 0x60),
		compactness("COM-03", "EF.COM", 0x60),
		{"COM-04", clauseCOM, "EF.COM holds 5F01, 5F36 and 5C in this order, each once",
			on(func(s *subject) *container { return s.com }, func(_ *subject, c *container) finding {
				return judge(sameTags(c.elements, 0x5F01, 0x5F36, 0x5C), "%d objects", len(c.elements))
			})},
		{"COM-05", clauseCOM, "the LDS version is 1.7 or 1.8", on(field(0x5F01), func(_ *subject, v *[]byte) finding {
			return judge(string(*v) == lds.Version107 || string(*v) == lds.Version108, "version of %d bytes", len(*v))
		})},
		{"COM-06", clauseCOM, "the Unicode version is 4.0.0", on(field(0x5F36), func(_ *subject, v *[]byte) finding {
			return judge(string(*v) == lds.Unicode400, "version of %d bytes", len(*v))
		})},
		{"COM-07", clauseCOM, "the list names data groups, each once", on(field(0x5C),
			func(_ *subject, v *[]byte) finding {
				_, err := listed(*v)
				return judge(err == nil, "%d tags", len(*v))
			})},
		{"COM-08", clauseCOM, "the list names DG1 and DG2", on(field(0x5C), func(s *subject, v *[]byte) finding {
			if s.failed["COM-07"] {
				return skip("COM-07 failed")
			}
			return judge(bytes.IndexByte(*v, 0x61) >= 0 && bytes.IndexByte(*v, 0x75) >= 0, "%d tags", len(*v))
		})},
		{"COM-09", "Doc 9303-10, 4.6.1 and 4.6.2", "the list is that of the security object", comList},
		{"COM-10", clauseCOM, "every data group of the list is at hand, the closed ones aside", comAtHand},
	}
}

func comList(s *subject) finding {
	numbers, ok := s.listed()
	if !ok || s.object == nil || s.failed["COM-08"] || !s.object.complete() {
		return skip("no lists to compare")
	}
	return judge(slices.Equal(numbers, s.object.numbers()), "EF.COM %v, EF.SOD %v", numbers, s.object.numbers())
}

func comAtHand(s *subject) finding {
	numbers, ok := s.listed()
	if !ok {
		return skip("no list")
	}
	var missing []int
	for _, n := range numbers {
		if _, there := s.files[fmt.Sprintf("DG%d", n)]; !there && n > 4 {
			missing = append(missing, n)
		}
	}
	return judge(len(missing) == 0, "missing %v", missing)
}

// listed returns the list of EF.COM, ascending.
func (s *subject) listed() ([]int, bool) {
	if s.com == nil {
		return nil, false
	}
	value, ok := tlv.Find(s.com.elements, 0x5C)
	numbers, err := listed(value)
	return numbers, ok && err == nil
}

func listed(tags []byte) ([]int, error) {
	numbers := map[int]bool{}
	for _, tag := range tags {
		n, ok := lds.DataGroupByTag(uint32(tag))
		if !ok || numbers[n] {
			return nil, lds.ErrMalformed
		}
		numbers[n] = true
	}
	return slices.Sorted(maps.Keys(numbers)), nil
}

// sameTags reports whether the objects have exactly these tags in this order.
func sameTags(list []tlv.Element, tags ...uint32) bool {
	return slices.EqualFunc(list, tags, func(e tlv.Element, tag uint32) bool { return e.Tag == tag })
}
