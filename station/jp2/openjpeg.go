package jp2

/*
#cgo pkg-config: libopenjp2
#include <openjpeg.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
	const unsigned char *data;
	size_t size, at;
} source;

static OPJ_SIZE_T take(void *to, OPJ_SIZE_T n, void *user) {
	source *s = user;
	if (s->at >= s->size)
		return (OPJ_SIZE_T)-1;
	if (n > s->size - s->at)
		n = s->size - s->at;
	memcpy(to, s->data + s->at, n);
	s->at += n;
	return n;
}

static OPJ_OFF_T skip(OPJ_OFF_T n, void *user) {
	source *s = user;
	if (n < 0)
		return -1;
	if ((size_t)n > s->size - s->at)
		n = s->size - s->at;
	s->at += n;
	return n;
}

static OPJ_BOOL seek(OPJ_OFF_T to, void *user) {
	source *s = user;
	if (to < 0 || (size_t)to > s->size)
		return OPJ_FALSE;
	s->at = to;
	return OPJ_TRUE;
}

// unpack decodes a picture, or returns NULL. A picture that breaks off is refused.
static opj_image_t *unpack(const unsigned char *data, size_t size, OPJ_CODEC_FORMAT kind) {
	source s = {data, size, 0};
	opj_image_t *image = NULL;
	opj_dparameters_t p;
	opj_codec_t *codec = opj_create_decompress(kind);
	opj_stream_t *stream = opj_stream_create(65536, OPJ_TRUE);
	OPJ_BOOL whole = OPJ_FALSE;
	opj_set_default_decoder_parameters(&p);
	if (codec && stream) {
		opj_stream_set_user_data(stream, &s, NULL);
		opj_stream_set_user_data_length(stream, size);
		opj_stream_set_read_function(stream, take);
		opj_stream_set_skip_function(stream, skip);
		opj_stream_set_seek_function(stream, seek);
		whole = opj_setup_decoder(codec, &p) && opj_decoder_set_strict_mode(codec, OPJ_TRUE) &&
			opj_read_header(stream, codec, &image) && opj_decode(codec, stream, image) &&
			opj_end_decompress(codec, stream);
	}
	if (stream)
		opj_stream_destroy(stream);
	if (codec)
		opj_destroy_codec(codec);
	if (!whole && image) {
		opj_image_destroy(image);
		image = NULL;
	}
	return image;
}
*/
import "C"

import (
	"bytes"
	"fmt"
	"image/color"
	"unsafe"
)

// unpack decodes a picture whose header was looked at, into eight bits a sample, colours beside one another.
func unpack(b []byte, h Header) ([]byte, error) {
	kind := C.OPJ_CODEC_FORMAT(C.OPJ_CODEC_J2K)
	if bytes.HasPrefix(b, signature) {
		kind = C.OPJ_CODEC_JP2
	}
	data := C.CBytes(b)
	defer C.free(data)
	m := C.unpack((*C.uchar)(data), C.size_t(len(b)), kind)
	if m == nil {
		return nil, ErrDamaged
	}
	defer C.opj_image_destroy(m)
	if int(m.x1-m.x0) != h.Width || int(m.y1-m.y0) != h.Height || int(m.numcomps) < h.shown() {
		return nil, fmt.Errorf("another size than its header's: %w", ErrDamaged)
	}
	shown := h.shown()
	out := make([]byte, h.Width*h.Height*shown)
	for i, c := range unsafe.Slice(m.comps, int(m.numcomps))[:shown] {
		if err := plane(out[i:], shown, h, c); err != nil {
			return nil, err
		}
	}
	if shown == 3 && m.color_space == C.OPJ_CLRSPC_SYCC {
		for i := 0; i < len(out); i += 3 {
			out[i], out[i+1], out[i+2] = color.YCbCrToRGB(out[i], out[i+1], out[i+2])
		}
	}
	return out, nil
}

// plane brings the samples of a component to eight bits, and to every pixel where it has fewer.
func plane(out []byte, step int, h Header, c C.opj_image_comp_t) error {
	w, rows, dx, dy := int(c.w), int(c.h), int(c.dx), int(c.dy)
	if c.data == nil || c.sgnd != 0 || c.prec == 0 || c.prec > maxDepth || dx == 0 || dy == 0 ||
		w == 0 || rows == 0 || (h.Width-1)/dx > w || (h.Height-1)/dy > rows {
		return fmt.Errorf("samples: %w", ErrDamaged)
	}
	samples := unsafe.Slice(c.data, w*rows)
	most := 1<<c.prec - 1
	for y := range h.Height {
		for x := range h.Width {
			v := int(samples[min(y/dy, rows-1)*w+min(x/dx, w-1)])
			out[(y*h.Width+x)*step] = byte(min(max(v, 0), most) * 255 / most)
		}
	}
	return nil
}
