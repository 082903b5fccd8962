package calibration

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/png"
	"math"
)

// afterHeader is where the first chunk behind a PNG's header begins: signature and IHDR.
const afterHeader = 8 + 25

// PNG encodes a sheet with its resolution, so that it is printed and scanned at its true size.
func PNG(img image.Image, dpi int) ([]byte, error) {
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		return nil, err
	}
	perMetre := uint32(math.Round(float64(dpi) / 0.0254))
	density := append(binary.BigEndian.AppendUint32(nil, 9), "pHYs"...)
	density = binary.BigEndian.AppendUint32(density, perMetre)
	density = append(binary.BigEndian.AppendUint32(density, perMetre), 1)
	density = binary.BigEndian.AppendUint32(density, crc32.ChecksumIEEE(density[4:]))
	plain := b.Bytes()
	return bytes.Join([][]byte{plain[:afterHeader], density, plain[afterHeader:]}, nil), nil
}
