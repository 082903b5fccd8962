package escl

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"padarozhnik/devices"
)

// Bounds of an XML document from a device.
const (
	maxXMLBytes    = 1 << 20
	maxXMLDepth    = 32
	maxXMLElements = 20000
)

// unmarshal decodes a document of the eSCL namespace with the given root element into v. Depth
// and number of elements are counted before anything is built from them.
func unmarshal(b []byte, root string, v any) error {
	if len(b) > maxXMLBytes {
		return fmt.Errorf("%s longer than %d bytes: %w", root, maxXMLBytes, devices.ErrProtocol)
	}
	name, err := measure(b)
	if err != nil {
		return fmt.Errorf("%s: %v: %w", root, err, devices.ErrProtocol)
	}
	if name.Space != nsScan || name.Local != root {
		return fmt.Errorf("no %s document: %w", root, devices.ErrProtocol)
	}
	if err := xml.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: not well formed: %w", root, devices.ErrProtocol)
	}
	return nil
}

// measure walks a document, checks its bounds and returns the name of its root.
func measure(b []byte) (xml.Name, error) {
	var root xml.Name
	dec := xml.NewDecoder(bytes.NewReader(b))
	depth, elements := 0, 0
	for {
		token, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return xml.Name{}, errors.New("not well formed")
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
			elements++
			if depth > maxXMLDepth || elements > maxXMLElements {
				return xml.Name{}, errors.New("too deep or too large")
			}
		case xml.EndElement:
			depth--
		}
	}
	root, err := rootName(b)
	if err != nil {
		return xml.Name{}, errors.New("no root element")
	}
	return root, nil
}

// rootName resolves the namespace of the first element.
func rootName(b []byte) (xml.Name, error) {
	dec := xml.NewDecoder(bytes.NewReader(b))
	for {
		token, err := dec.Token()
		if err != nil {
			return xml.Name{}, err
		}
		if start, ok := token.(xml.StartElement); ok {
			return start.Name, nil
		}
	}
}
