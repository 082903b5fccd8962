package pace

import (
	"cmp"
	"fmt"
	"slices"

	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds/tlv"
)

// Mapping is the way from the nonce to the ephemeral generator, by its number in the protocol's
// object identifier (ICAO Doc 9303-11, 9.2.3). Those without DH are over elliptic curves.
type Mapping byte

// Mappings.
const (
	GenericMappingDH    Mapping = 1
	GenericMapping      Mapping = 2
	IntegratedMappingDH Mapping = 3
	IntegratedMapping   Mapping = 4
	ChipAuthMapping     Mapping = 6
)

var mappingNames = map[Mapping]string{
	GenericMappingDH: "DH-GM", GenericMapping: "ECDH-GM", IntegratedMappingDH: "DH-IM",
	IntegratedMapping: "ECDH-IM", ChipAuthMapping: "ECDH-CAM",
}

// onCurve tells mappings over curves from those over integers.
func (m Mapping) onCurve() bool { return m != GenericMappingDH && m != IntegratedMappingDH }

// integrated tells integrated mapping from generic.
func (m Mapping) integrated() bool { return m == IntegratedMapping || m == IntegratedMappingDH }

// Protocol is a mapping and a cipher suite: one object identifier below id-PACE.
type Protocol struct {
	Mapping Mapping
	Suite   sm.Suite
}

var identifierPrefix = []byte{0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04}

// OID is the content of the protocol's object identifier (ICAO Doc 9303-11, 9.2.3).
func (p Protocol) OID() []byte {
	return append(append([]byte(nil), identifierPrefix...), byte(p.Mapping), byte(p.Suite)+1)
}

// String names the protocol.
func (p Protocol) String() string {
	if name, ok := mappingNames[p.Mapping]; ok {
		return "PACE-" + name + " " + p.Suite.String()
	}
	return fmt.Sprintf("PACE mapping %d %s", p.Mapping, p.Suite)
}

// ParseProtocol reads the content of an object identifier. It returns ErrUnsupported for one that
// is no PACE, and for chip authentication mapping with 3DES, which there is not.
func ParseProtocol(oid []byte) (Protocol, error) {
	n := len(identifierPrefix)
	if len(oid) != n+2 || string(oid[:n]) != string(identifierPrefix) {
		return Protocol{}, fmt.Errorf("%w: object identifier %X", ErrUnsupported, oid)
	}
	p := Protocol{Mapping: Mapping(oid[n]), Suite: sm.Suite(oid[n+1]) - 1}
	_, known := mappingNames[p.Mapping]
	if !known || p.Suite < sm.TripleDES || p.Suite > sm.AES256 ||
		p.Mapping == ChipAuthMapping && p.Suite == sm.TripleDES {
		return Protocol{}, fmt.Errorf("%w: object identifier %X", ErrUnsupported, oid)
	}
	return p, nil
}

// Info is one PACEInfo of EF.CardAccess: a protocol on standardized domain parameters.
type Info struct {
	Protocol    Protocol
	ParameterID int
}

// Supported tells whether the protocol can be run on its domain parameters.
func (i Info) Supported() bool {
	_, err := i.group()
	return err == nil
}

// group finds the domain parameters and refuses what the standard bars: curves for DH, integers for
// ECDH, P-224 for integrated mapping.
func (i Info) group() (domain.Group, error) {
	g, err := domain.ByParameterID(i.ParameterID)
	if err != nil {
		return g, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	barred := i.Protocol.Mapping == ChipAuthMapping && i.Protocol.Suite == sm.TripleDES
	if _, known := mappingNames[i.Protocol.Mapping]; !known || barred ||
		g.OnCurve() != i.Protocol.Mapping.onCurve() || i.Protocol.Mapping.integrated() && !g.Encodable() {
		return g, fmt.Errorf("%w: %s with %s", ErrUnsupported, i.Protocol, g.Name())
	}
	return g, nil
}

// ParseInfos finds the PACEInfos in an EF.CardAccess, in the file's order (ICAO Doc 9303-11,
// 9.2.1). Other SecurityInfos, and variants of PACE that the standard does not have, are passed
// over.
func ParseInfos(cardAccess []byte) ([]Info, error) {
	set, err := tlv.Only(cardAccess, 0x31)
	if err != nil {
		return nil, fmt.Errorf("EF.CardAccess: %w", err)
	}
	sequences, err := tlv.Elements(set)
	if err != nil {
		return nil, fmt.Errorf("EF.CardAccess: %w", err)
	}
	var infos []Info
	for _, s := range sequences {
		fields, err := tlv.Elements(s.Value)
		if err != nil {
			return nil, fmt.Errorf("EF.CardAccess: %w", err)
		}
		if len(fields) != 3 || fields[0].Tag != 6 || fields[1].Tag != 2 || fields[2].Tag != 2 {
			continue
		}
		p, err := ParseProtocol(fields[0].Value)
		if err != nil || string(fields[1].Value) != "\x02" || len(fields[2].Value) != 1 {
			continue
		}
		infos = append(infos, Info{Protocol: p, ParameterID: int(fields[2].Value[0])})
	}
	return infos, nil
}

// Choose takes the best offer that can be run, and tells whether the chip offers its protocol with
// several domain parameters, so that they must be named. What counts, in this order:
//
//	AES before 3DES
//	a group that withstands 2¹¹² steps (224-bit curves, 2048-bit integers) before a shorter one
//	chip authentication mapping before the others: it proves the chip in the same run
//	curves before integers, for the shorter messages and the arithmetic in constant time
//	the stronger group, then the longer AES key
//	generic before integrated mapping, for the arithmetic in constant time
//	a NIST curve before a Brainpool curve of its size, for the same reason
//
// It returns ErrUnsupported where nothing can be run.
func Choose(infos []Info) (best Info, ambiguous bool, err error) {
	runnable := slices.DeleteFunc(slices.Clone(infos), func(i Info) bool { return !i.Supported() })
	if len(runnable) == 0 {
		return Info{}, false, fmt.Errorf("%w: none of %d offers", ErrUnsupported, len(infos))
	}
	best = slices.MaxFunc(runnable, compare)
	for _, other := range infos {
		ambiguous = ambiguous || other.Protocol == best.Protocol && other != best
	}
	return best, ambiguous, nil
}

// compare orders two runnable offers; the better one is greater.
func compare(a, b Info) int {
	ga, _ := a.group() // both are runnable
	gb, _ := b.group()
	sa, sb := strength(ga), strength(gb)
	return cmp.Or(
		boolean(a.Protocol.Suite != sm.TripleDES, b.Protocol.Suite != sm.TripleDES),
		boolean(sa >= 112, sb >= 112),
		boolean(a.Protocol.Mapping == ChipAuthMapping, b.Protocol.Mapping == ChipAuthMapping),
		boolean(ga.OnCurve(), gb.OnCurve()),
		cmp.Compare(sa, sb),
		cmp.Compare(a.Protocol.Suite, b.Protocol.Suite),
		-boolean(a.Protocol.Mapping.integrated(), b.Protocol.Mapping.integrated()),
		boolean(nist(a.ParameterID), nist(b.ParameterID)),
	)
}

// boolean compares two answers; yes is greater.
func boolean(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// strength is the security of a group in bits (NIST SP 800-57, table 2).
func strength(g domain.Group) int {
	if g.OnCurve() {
		return g.Order().BitLen() / 2
	}
	if g.Field().BitLen() >= 2048 {
		return 112
	}
	return 80
}

// nist tells the curves with arithmetic in constant time.
func nist(parameterID int) bool {
	return parameterID == 10 || parameterID == 12 || parameterID == 15 || parameterID == 18
}
