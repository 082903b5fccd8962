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

	Clock   func() time.Time // certificates are judged by it; time.Now by default
	Timeout time.Duration    // of a message, 2 minutes by default; blobs get five times as long
	// Dial replaces the direct connection, for a proxy.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client talks to one ledger. It may be used by several goroutines.
type Client struct {
	base    *url.URL
	http    *http.Client
	ledger  note.Verifier
	timeout time.Duration

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
	return &Client{base: base, ledger: o.Ledger, timeout: o.Timeout, http: &http.Client{
		Transport: &http.Transport{
			DialTLSContext:         dialTLS(o.Dial, wire.ClientTLS(o.Certificate, o.Root, o.Clock)),
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
	body, err := wire.Encode(req)
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
	checkpoint, err := c.verify(last, state{m.Checkpoint, m.Durable, m.Consistency, m.DurableProof})
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
	p, err := c.pull(ctx, last, after)
	if err != nil {
		return journal.Page{}, fmt.Errorf("pull: %w", err)
	}
	return p, nil
}

func (c *Client) pull(ctx context.Context, last journal.Checkpoint, after int64) (journal.Page, error) {
	q := url.Values{"after": {strconv.FormatInt(after, 10)}, "from": {strconv.FormatInt(last.Size, 10)}}
	raw, err := c.message(ctx, http.MethodGet, wire.PathPull, q, nil)
	if err != nil {
		return journal.Page{}, err
	}
	m, err := wire.DecodePullResponse(raw)
	if err != nil {
		return journal.Page{}, answered(err)
	}
	p := journal.Page{Next: m.Next, More: m.More}
	if p.Checkpoint, err = c.verify(last, state{m.Checkpoint, m.Durable, m.Consistency, m.DurableProof}); err != nil {
		return journal.Page{}, err
	}
	at := after
	for _, item := range m.Items {
		s, err := journal.Parse(item.Entry)
		if err != nil || item.Inclusion.Index < at {
			return journal.Page{}, answered(err)
		}
		at = item.Inclusion.Index + 1
		err = journal.VerifyInclusion(s, item.Inclusion.Index, item.Inclusion.Proof, p.Checkpoint.TreeHead)
		if err != nil {
			return journal.Page{}, answered(err)
		}
		p.Entries = append(p.Entries, journal.Pulled{Entry: s, Receipt: journal.Receipt{
			Index: item.Inclusion.Index, Proof: item.Inclusion.Proof, Checkpoint: p.Checkpoint.Raw,
		}})
	}
	if p.Next < at || p.More && p.Next == after {
		return journal.Page{}, answered(nil)
	}
	return p, nil
}

// Checkpoint fetches the newest checkpoint, which contains last.
func (c *Client) Checkpoint(ctx context.Context, last journal.Checkpoint) (journal.Checkpoint, error) {
	q := url.Values{"from": {strconv.FormatInt(last.Size, 10)}}
	raw, err := c.message(ctx, http.MethodGet, wire.PathCheckpoint, q, nil)
	if err != nil {
		return journal.Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	m, err := wire.DecodeCheckpointResponse(raw)
	if err != nil {
		return journal.Checkpoint{}, fmt.Errorf("checkpoint: %w", answered(err))
	}
	return c.verify(last, state{m.Checkpoint, m.Durable, m.Consistency, m.DurableProof})
}

// state is what every answer says of headquarters' tree.
type state struct {
	checkpoint, durable       []byte
	consistency, durableProof []journal.Hash
}

// verify checks what an answer says of the tree: it contains that of last, and whatever of it is said
// to be safe in a second place.
func (c *Client) verify(last journal.Checkpoint, s state) (journal.Checkpoint, error) {
	now, err := journal.ParseCheckpoint(s.checkpoint, c.ledger)
	if err != nil {
		return journal.Checkpoint{}, answered(err)
	}
	if err := journal.VerifyConsistency(last, now, s.consistency); err != nil {
		return journal.Checkpoint{}, err
	}
	if len(s.durable) == 0 {
		return now, nil
	}
	if now.Durable, err = journal.ParseDurable(s.durable, c.ledger); err != nil {
		return journal.Checkpoint{}, answered(err)
	}
	if err := journal.VerifyDurable(now.Durable, now, s.durableProof); err != nil {
		return journal.Checkpoint{}, answered(err)
	}
	return now, nil
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

// do makes one request. An answer of another status than 200 or 206 is an error.
func (c *Client) do(ctx context.Context, r request) (answer, error) {
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

// refused reads a refusal. Behind is what journal calls a roll-back, so it is both.
func refused(body []byte) error {
	e := wire.DecodeError(body)
	if e.Code == wire.Behind {
		return fmt.Errorf("%w: %w", journal.ErrRolledBack, e)
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
