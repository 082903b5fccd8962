package lint

import (
	"bytes"
	"fmt"
	"time"

	"padarozhnik/station/lds"
	"padarozhnik/station/lds/internal/ber"
	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/pki"
)

// subject is everything that is judged, taken apart as far as it goes. A nil part is not there or
// not readable.
type subject struct {
	files  map[string][]byte
	at     time.Time
	failed map[string]bool // by identifier of a check

	com      *container
	dg1      *zone
	dg2      *face
	dg14     *infoFile
	dg15     *keyFile
	access   *infoFile
	sod      *signed
	object   *ldsObject
	security *signed
	dsc      *certificate
	cscas    []*certificate
	lists    []*list
}

func newSubject(files map[string][]byte, trust Trust, at time.Time) *subject {
	s := &subject{files: files, at: at, failed: map[string]bool{}}
	s.com = openContainer(files["EF.COM"], 0x60)
	s.dg1 = openZone(files["DG1"])
	s.dg2 = openFace(files["DG2"])
	s.dg14 = openInfos(body(files["DG14"], 0x6E))
	s.dg15 = openKey(body(files["DG15"], 0x6F))
	s.access = openInfos(files["EF.CardAccess"])
	s.sod = openSigned(body(files["EF.SOD"], 0x77))
	s.object = openObject(s.sod)
	s.security = openSigned(files["EF.CardSecurity"])
	if s.sod != nil {
		s.dsc = s.sod.signer()
	}
	for _, raw := range trust.CSCA {
		s.cscas = append(s.cscas, openCertificate(raw))
	}
	for _, raw := range trust.CRL {
		s.lists = append(s.lists, openList(raw))
	}
	return s
}

// body returns what stands in the outermost object, nil where b is not that object alone.
func body(b []byte, tag uint32) []byte {
	value, err := tlv.Only(b, tag)
	if err != nil {
		return nil
	}
	return value
}

// dataGroups returns the data groups at hand by number.
func (s *subject) dataGroups() map[int][]byte {
	groups := map[int][]byte{}
	for n := 1; n <= lds.DataGroups; n++ {
		if b, ok := s.files[fmt.Sprintf("DG%d", n)]; ok {
			groups[n] = b
		}
	}
	return groups
}

// container is a file of data objects.
type container struct {
	raw      []byte
	elements []tlv.Element
}

func openContainer(b []byte, tag uint32) *container {
	value := body(b, tag)
	list, err := tlv.Elements(value)
	if value == nil || err != nil {
		return nil
	}
	return &container{b, list}
}

// shortest reports whether every length in b, down through the templates, is as short as can be.
func shortest(b []byte) bool {
	again, ok := rewrite(b, 0)
	return ok && bytes.Equal(again, b)
}

func rewrite(b []byte, depth int) ([]byte, bool) {
	list, err := tlv.Elements(b)
	if err != nil || depth > tlv.MaxDepth {
		return nil, false
	}
	var out []byte
	for _, e := range list {
		value := e.Value
		if e.Constructed() {
			inner, ok := rewrite(value, depth+1)
			if !ok {
				return nil, false
			}
			value = inner
		}
		out = tlv.Append(out, e.Tag, value)
	}
	return out, true
}

// presence asks for a file.
func presence(id, clause, name string) rule {
	return rule{id, clause, name + " is there", func(s *subject) finding {
		b, ok := s.files[name]
		return judge(ok, "%d bytes", len(b))
	}}
}

// wholeness asks that a file is one object with a tag and nothing behind it.
func wholeness(id, clause, name string, tag uint32) rule {
	asks := fmt.Sprintf("%s is one object %X and nothing else", name, tag)
	return rule{id, clause, asks, func(s *subject) finding {
		b, ok := s.files[name]
		if !ok {
			return skip("not there")
		}
		found, header, size, err := tlv.Header(b)
		if err != nil {
			return fail("no data object")
		}
		return judge(found == tag && header+size == len(b), "tag %X, %d of %d bytes", found, header+size, len(b))
	}}
}

// compactness asks that a file of data objects has only shortest lengths.
func compactness(id, name string, tag uint32) rule {
	const clause = "Doc 9303-10, 3.9; ISO/IEC 8825-1, 10.1"
	return rule{id, clause, "lengths in " + name + " are as short as can be", func(s *subject) finding {
		b := s.files[name]
		if body(b, tag) == nil {
			return skip("not there, or an earlier check failed")
		}
		if _, ok := rewrite(b, 0); !ok {
			return skip("no nested data objects")
		}
		return judge(shortest(b), "%d bytes", len(b))
	}}
}

// keyFile is a file of one public key.
type keyFile struct {
	node *ber.Node
	key  *pki.PublicKey
}

func openKey(b []byte) *keyFile {
	node, err := ber.Parse(b)
	if err != nil {
		return nil
	}
	key, err := pki.ParsePublicKey(b)
	if err != nil {
		key = nil
	}
	return &keyFile{node, key}
}

// infoFile is a set of security infos.
type infoFile struct {
	node  *ber.Node
	infos *lds.SecurityInfos
}

func openInfos(b []byte) *infoFile {
	node, err := ber.Parse(b)
	if err != nil {
		return nil
	}
	infos, err := lds.ParseSecurityInfos(b)
	if err != nil {
		return &infoFile{node, nil}
	}
	return &infoFile{node, &infos}
}
