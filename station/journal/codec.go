package journal

import (
	"bytes"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Read-only after start: both modes are immutable values of the codec.
var (
	encoding = mustEncoding()
	decoding = mustDecoding()
)

func mustEncoding() cbor.EncMode {
	o := cbor.CoreDetEncOptions()
	o.IndefLength = cbor.IndefLengthForbidden
	o.TagsMd = cbor.TagsForbidden
	m, err := o.EncMode()
	if err != nil {
		panic(err)
	}
	return m
}

func mustDecoding() cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		MaxNestedLevels:   8,
		MaxArrayElements:  4096,
		MaxMapPairs:       256,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}

// Encode writes v as deterministic CBOR (RFC 8949, 4.2.1): the form in which bodies of entries
// are kept.
func Encode(v any) ([]byte, error) {
	b, err := encoding.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return b, nil
}

// Decode reads deterministic CBOR into v. Duplicate keys, unknown fields, tags, indefinite
// lengths and every other spelling than the one Encode chooses are refused with ErrMalformed.
func Decode(data []byte, v any) error {
	if err := deterministic(data); err != nil {
		return err
	}
	return decodeFields(data, v)
}

// decodeFields reads into v without looking at the spelling of what v does not hold.
func decodeFields(data []byte, v any) error {
	if err := decoding.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}

// deterministic tells whether data is one item in the spelling of Encode.
func deterministic(data []byte) error {
	var v any
	if err := decodeFields(data, &v); err != nil {
		return err
	}
	again, err := encoding.Marshal(v)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if !bytes.Equal(again, data) {
		return fmt.Errorf("%w: not deterministic", ErrMalformed)
	}
	return nil
}
