package client

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// partSize is how many bytes of a blob travel in one request: seven minutes at 9600 baud, and nothing
// at all on a good line.
const partSize = 512 << 10

// maxMoves is how often PutBlob follows headquarters to another offset. More than that and two
// programs send the same blob under one name.
const maxMoves = 8

// half is the beginning of a blob that broke off on its way here. It is sealed.
type half struct {
	digest journal.Hash
	data   []byte
}

// PutBlob stores sealed bytes. It asks headquarters first how many of them it holds, and goes on from
// there: called again after a connection broke, it sends what is missing. It may be repeated.
func (c *Client) PutBlob(ctx context.Context, b journal.Blob, data []byte) error {
	if sum := sha256.Sum256(data); sum != b.Digest || int64(len(data)) != b.Size {
		return fmt.Errorf("put blob: %w", wire.BlobMismatch)
	}
	held, err := c.held(ctx, b)
	if err != nil {
		return fmt.Errorf("put blob: %w", err)
	}
	for moves := 0; held < b.Size; {
		span := wire.Span{Start: held, End: min(held+partSize, b.Size), Size: b.Size}
		err := c.putPart(ctx, b, span, data[span.Start:span.End])
		var elsewhere *wire.Error
		switch {
		case err == nil:
			held = span.End
		case errors.As(err, &elsewhere) && elsewhere.Code == wire.Offset && elsewhere.Size < b.Size && moves < maxMoves:
			held, moves = elsewhere.Size, moves+1
		default:
			return fmt.Errorf("put blob: %w", err)
		}
	}
	return nil
}

func (c *Client) putPart(ctx context.Context, b journal.Blob, span wire.Span, data []byte) error {
	_, err := c.do(ctx, request{method: http.MethodPut, path: wire.PathBlob + b.Digest.String(), body: data,
		header:  http.Header{"Content-Range": {span.String()}},
		timeout: 5 * c.timeout, limit: wire.MaxError})
	return err
}

// held asks how many bytes of a blob of ours are there.
func (c *Client) held(ctx context.Context, b journal.Blob) (int64, error) {
	a, err := c.do(ctx, request{method: http.MethodHead, path: wire.PathBlob + b.Digest.String(),
		timeout: c.timeout, limit: 0})
	if err != nil {
		// An answer to HEAD has no body to say why; the same question in a PUT has.
		if a.status == 0 {
			return 0, err
		}
		return 0, nil
	}
	held, err := strconv.ParseInt(a.header.Get(wire.HeaderHeld), 10, 64)
	if err != nil || held < 0 || held > b.Size {
		return 0, answered(err)
	}
	return held, nil
}

// GetBlob fetches sealed bytes that an entry for the caller names, part by part. What has come when a
// connection breaks is kept, and the next call for the same blob goes on from there.
func (c *Client) GetBlob(ctx context.Context, b journal.Blob) ([]byte, error) {
	if b.Size < 1 || b.Size > journal.MaxBlob {
		return nil, fmt.Errorf("get blob: %w", wire.TooLarge)
	}
	data := c.takeHalf(b)
	for int64(len(data)) < b.Size {
		part, err := c.getPart(ctx, b, int64(len(data)))
		data = append(data, part...)
		if err != nil {
			c.keepHalf(b, data)
			return nil, fmt.Errorf("get blob: %w", err)
		}
	}
	if sha256.Sum256(data) != b.Digest {
		return nil, fmt.Errorf("get blob: %w", answered(wire.BlobMismatch))
	}
	return data, nil
}

// getPart fetches the bytes from an offset on. With an error it returns those that came before.
func (c *Client) getPart(ctx context.Context, b journal.Blob, from int64) ([]byte, error) {
	end := min(from+partSize, b.Size)
	a, err := c.do(ctx, request{method: http.MethodGet, path: wire.PathBlob + b.Digest.String(),
		header:  http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", from, end-1)}},
		timeout: 5 * c.timeout, limit: end - from})
	if a.status != http.StatusPartialContent {
		if err == nil {
			err = answered(nil)
		}
		return nil, err
	}
	if got := a.header.Get("Content-Range"); got != (wire.Span{Start: from, End: end, Size: b.Size}).String() {
		return nil, answered(wire.BlobMismatch)
	}
	if err == nil && int64(len(a.body)) != end-from {
		err = answered(wire.BlobMismatch)
	}
	return a.body[:min(int64(len(a.body)), end-from)], err
}

// takeHalf returns what came of a blob before, and forgets it.
func (c *Client) takeHalf(b journal.Blob) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.half.digest != b.Digest || int64(len(c.half.data)) >= b.Size {
		return nil
	}
	data := c.half.data
	c.half = half{}
	return data
}

func (c *Client) keepHalf(b journal.Blob, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(data) > 0 {
		c.half = half{digest: b.Digest, data: data}
	}
}
