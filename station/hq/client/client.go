// Package client is the way from a station, or from the vault, to headquarters' ledger.
//
// It believes nothing: the server must stand under headquarters' root, every receipt must prove
// the entry that was sent, every checkpoint must be signed and contain the newest one that the
// caller has verified before, and a blob must have the digest that was asked for. Whether and when
// to try again is the caller's decision. The errors say what happened: journal.ErrUnreachable,
// ErrUntrusted, ErrRejected or ErrAnswer for the way; journal.ErrRolledBack or ErrRewritten for a
// tree that does not contain the last one; a *wire.Error for what headquarters itself refuses.
package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// handshake is how long headquarters may take to shake hands.
const handshake = 30 * time.Second

// Options of a client. BaseURL, Certificate, Root and Ledger are required.
type Options struct {
	BaseURL     string            // "https://HOST:PORT"
	Certificate tls.Certificate   // ours, under Root
	Root        *x509.Certificate // headquarters' root, the only one trusted
	Ledger      note.Verifier     // of checkpoints

	// Clock is a time that has certainly passed, by which headquarters' certificate may have expired;
	// time.Now by default. A station gives the newest time that headquarters has signed.
	Clock   func() time.Time
	Timeout time.Duration // of a message, 2 minutes by default; blobs get five times as long
	Dial    Dial          // replaces the direct connection, for a proxy
	// Patience is how long one call may wait altogether where headquarters asks for it (wire.TooFast);
	// 0 leaves that to the caller.
	Patience time.Duration
}

// Dial makes a connection, as net.Dialer.DialContext does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Client talks to one ledger. It may be used by several goroutines.
type Client struct {
	base     *url.URL
	http     *http.Client
	ledger   note.Verifier
	timeout  time.Duration
	patience time.Duration

	mu   sync.Mutex
	half half // guarded by mu
}

// New makes a client. It does not connect.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("headquarters' address %q: want https://HOST:PORT", o.BaseURL)
	}
	if o.Root == nil || o.Ledger == nil || len(o.Certificate.Certificate) == 0 {
		return nil, errors.New("headquarters: root, ledger key and own certificate are required")
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Minute
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: 30 * time.Second}).DialContext
	}
	config := func(host string) *tls.Config { return wire.ClientTLS(o.Certificate, o.Root, host, o.Clock) }
	return &Client{base: base, ledger: o.Ledger, timeout: o.Timeout, patience: o.Patience, http: &http.Client{
		Transport: &http.Transport{
			DialTLSContext:         dialTLS(o.Dial, config),
			MaxResponseHeaderBytes: 16 << 10,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        time.Minute,
			DisableCompression:     true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Push hands entries over, in the order of their chains, at most wire.MaxEntries. last is the
// newest checkpoint verified before. It returns a verified receipt for each entry, and the new
// checkpoint, which contains last; its Durable says how much of the tree is safe in a second place.
func (c *Client) Push(ctx context.Context, last journal.Checkpoint, entries []journal.Signed) (
	[]journal.Receipt, journal.Checkpoint, error) {
	receipts, checkpoint, err := c.push(ctx, last, entries)
	if err != nil {
		return nil, journal.Checkpoint{}, fmt.Errorf("push: %w", err)
	}
	return receipts, checkpoint, nil
}

func (c *Client) push(ctx context.Context, last journal.Checkpoint, entries []journal.Signed) (
	[]journal.Receipt, journal.Checkpoint, error) {
	req := wire.PushRequest{From: last.Size}
	for _, s := range entries {
		req.Entries = append(req.Entries, s.Raw())
	}
	body, err := wire.EncodePadded(req)
	if err != nil {
		return nil, journal.Checkpoint{}, err
	}
	raw, err := c.message(ctx, http.MethodPost, wire.PathPush, nil, body)
	if err != nil {
		return nil, journal.Checkpoint{}, err
	}
	m, err := wire.DecodePushResponse(raw)
	if err != nil || len(m.Receipts) != len(entries) {
		return nil, journal.Checkpoint{}, answered(err)
	}
	checkpoint, err := c.verify(last, m.State())
	if err != nil {
		return nil, journal.Checkpoint{}, err
	}
	receipts := make([]journal.Receipt, len(entries))
	for i, in := range m.Receipts {
		if err := journal.VerifyInclusion(entries[i], in.Index, in.Proof, checkpoint.TreeHead); err != nil {
			return nil, journal.Checkpoint{}, fmt.Errorf("receipt %d: %w", i, answered(err))
		}
		receipts[i] = journal.Receipt{Index: in.Index, Proof: in.Proof, Checkpoint: checkpoint.Raw}
	}
	return receipts, checkpoint, nil
}

// Pull fetches entries that are for the caller from leaf number after on: a station's directives,
// for the vault everything. last is as for Push.
func (c *Client) Pull(ctx context.Context, last journal.Checkpoint, after int64) (journal.Page, error) {
	_, p, err := c.PullChain(ctx, last, "", after)
	return p, err
}

// Own fetches the station's own chain as headquarters holds it, from leaf number after on.
func (c *Client) Own(ctx context.Context, last journal.Checkpoint, after int64) (journal.Page, error) {
	_, p, err := c.PullChain(ctx, last, wire.OwnChain, after)
	return p, err
}

// PullChain is Pull of one chain, "" for what is for the caller, and returns the answer as it came
// beside what it says.
func (c *Client) PullChain(ctx context.Context, last journal.Checkpoint, chain string, after int64) (
	[]byte, journal.Page, error) {
	q := url.Values{"after": {strconv.FormatInt(after, 10)}, "from": {strconv.FormatInt(last.Size, 10)}}
	if chain != "" {
		q.Set("chain", chain)
	}
	raw, err := c.message(ctx, http.MethodGet, wire.PathPull, q, nil)
	if err != nil {
		return nil, journal.Page{}, fmt.Errorf("pull: %w", err)
	}
	p, consistency, err := wire.ReadPage(raw, c.ledger, after)
	if err != nil {
		return nil, journal.Page{}, fmt.Errorf("pull: %w", answered(err))
	}
	if err := journal.VerifyConsistency(last, p.Checkpoint, consistency); err != nil {
		return nil, journal.Page{}, fmt.Errorf("pull: %w", err)
	}
	return raw, p, nil
}

// Checkpoint fetches the newest checkpoint, which contains last.
func (c *Client) Checkpoint(ctx context.Context, last journal.Checkpoint) (journal.Checkpoint, error) {
	_, now, err := c.Link(ctx, last.Size, func(now journal.Checkpoint, proof []journal.Hash) error {
		return journal.VerifyConsistency(last, now, proof)
	})
	return now, err
}

// Link fetches the newest checkpoint with the proof that it contains the tree of size from, and
// returns the answer as it came too. join judges the proof; it may be nil where another party will.
func (c *Client) Link(
	ctx context.Context, from int64, join func(now journal.Checkpoint, proof []journal.Hash) error,
) ([]byte, journal.Checkpoint, error) {
	q := url.Values{"from": {strconv.FormatInt(from, 10)}}
	raw, err := c.message(ctx, http.MethodGet, wire.PathCheckpoint, q, nil)
	if err != nil {
		return nil, journal.Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	m, err := wire.DecodeCheckpointResponse(raw)
	if err != nil {
		return nil, journal.Checkpoint{}, fmt.Errorf("checkpoint: %w", answered(err))
	}
	now, err := m.State().Read(c.ledger)
	if err != nil {
		return nil, journal.Checkpoint{}, answered(err)
	}
	if join != nil {
		err = join(now, m.Consistency)
	}
	return raw, now, err
}

// verify checks what an answer says of the tree: it contains that of last, and whatever of it is said
// to be safe in a second place.
func (c *Client) verify(last journal.Checkpoint, s wire.State) (journal.Checkpoint, error) {
	now, err := s.Read(c.ledger)
	if err != nil {
		return journal.Checkpoint{}, answered(err)
	}
	return now, journal.VerifyConsistency(last, now, s.Consistency)
}

// answered wraps what is wrong with an answer.
func answered(err error) error {
	if err == nil {
		return journal.ErrAnswer
	}
	return fmt.Errorf("%w: %w", journal.ErrAnswer, err)
}

func (c *Client) message(ctx context.Context, method, path string, q url.Values, body []byte) ([]byte, error) {
	a, err := c.do(ctx, request{method: method, path: path, query: q, body: body, timeout: c.timeout,
		limit: wire.MaxMessage})
	return a.body, err
}

// request is one way to headquarters and back.
type request struct {
	method, path string
	query        url.Values
	header       http.Header
	body         []byte
	timeout      time.Duration
	limit        int64 // bytes of the answer
}

// answer is what came back. Its body is cut off where there is an error, too.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do makes one request, again where headquarters asked to wait and patience lasts. An answer of
// another status than 200 or 206 is an error.
func (c *Client) do(ctx context.Context, r request) (answer, error) {
	for left := c.patience; ; {
		a, err := c.once(ctx, r)
		var e *wire.Error
		if !errors.As(err, &e) || e.Code != wire.TooFast || e.Wait() > left {
			return a, err
		}
		left -= max(e.Wait(), time.Second)
		select {
		case <-time.After(e.Wait()):
		case <-ctx.Done():
			return answer{}, ctx.Err()
		}
	}
}

// once makes one request.
func (c *Client) once(ctx context.Context, r request) (answer, error) {
	within, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	u := c.base.JoinPath(r.path)
	u.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(within, r.method, u.String(), bytes.NewReader(r.body))
	if err != nil {
		return answer{}, err
	}
	if r.header != nil {
		req.Header = r.header
	}
	req.Header.Set("User-Agent", "padarozhnik")
	if r.body != nil {
		req.Header.Set("Content-Type", wire.ContentType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, unreached(ctx, err)
	}
	defer resp.Body.Close()
	ok := resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent
	if !ok {
		r.limit = wire.MaxError
	}
	a := answer{status: resp.StatusCode, header: resp.Header}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, r.limit+1))
	switch {
	case err != nil:
		return a, unreached(ctx, err)
	case !ok:
		return a, refused(a.body)
	case int64(len(a.body)) > r.limit:
		return answer{}, answered(wire.TooLarge)
	}
	return a, nil
}

// refused reads a refusal. Behind is what journal calls a roll-back, so it is both, and so is a fork.
func refused(body []byte) error {
	e := wire.DecodeError(body)
	switch e.Code {
	case wire.Behind:
		return fmt.Errorf("%w: %w", journal.ErrRolledBack, e)
	case wire.Fork, wire.Frozen:
		return fmt.Errorf("%w: %w", journal.ErrForked, e)
	case wire.UnknownKey:
		if e.Chain == "" { // ours, and not that of an entry
			return fmt.Errorf("%w: %w", journal.ErrRejected, e)
		}
	}
	return e
}

// unreached sorts the errors of a connection. The address is not repeated: it stands in the
// configuration, and an error may be shown to anybody.
func unreached(ctx context.Context, err error) error {
	var untrusted *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &untrusted):
		return fmt.Errorf("%w: %w", journal.ErrUntrusted, untrusted.Err)
	}
	var alert *net.OpError
	if errors.As(err, &alert) && alert.Op == tlsAlert {
		return fmt.Errorf("%w: %w", journal.ErrRejected, alert.Err)
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	return fmt.Errorf("%w: %w", journal.ErrUnreachable, err)
}
