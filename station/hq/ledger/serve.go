package ledger

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// Server returns an HTTP server for the ledger with bounds on time and headers. The caller gives
// it a listener through ServeTLS(listener, "", "") and ends it by Shutdown. config comes from
// wire.ServerTLS.
func (l *Ledger) Server(config *tls.Config) *http.Server {
	return &http.Server{
		Handler:           l.Handler(),
		TLSConfig:         config,
		ReadHeaderTimeout: 15 * time.Second,
		ReadTimeout:       15 * time.Minute, // 8 MiB over a telephone line
		WriteTimeout:      15 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(l.o.Log.Handler(), slog.LevelDebug),
	}
}

// Handler serves the endpoints that package wire lists. It answers nobody who comes without a
// verified client certificate.
func (l *Ledger) Handler() http.Handler {
	h := &handler{
		ledger: l,
		limit:  newLimiter(l.o.PerMinute, l.o.Clock),
		slots:  make(chan struct{}, l.o.Concurrent),
	}
	mux := http.NewServeMux()
	mux.Handle("POST "+wire.PathPush, h.serve(h.push))
	mux.Handle("GET "+wire.PathPull, h.serve(h.pull))
	mux.Handle("GET "+wire.PathCheckpoint, h.serve(h.checkpoint))
	mux.Handle("PUT "+wire.PathBlob+"{digest}", h.serve(h.putBlob))
	mux.Handle("HEAD "+wire.PathBlob+"{digest}", h.serve(h.heldBlob))
	mux.Handle("GET "+wire.PathBlob+"{digest}", h.serve(h.getBlob))
	mux.Handle("/", h.serve(func(*http.Request, wire.Peer) (answer, error) {
		return answer{}, wire.BadRequest
	}))
	return mux
}

type handler struct {
	ledger *Ledger
	limit  *limiter
	slots  chan struct{} // one for each request in work
}

// answer is a body and its media type, or what stands behind them.
type answer struct {
	body []byte
	kind string
	held *int64 // of the caller's blob
	blob *Blob  // instead of body
}

type endpoint func(r *http.Request, from wire.Peer) (answer, error)

// serve authenticates, limits and answers.
func (h *handler) serve(f endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, err := caller(r)
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		wait, granted := h.limit.enter(from)
		if !granted {
			h.refuse(w, r, &wire.Error{Code: wire.TooFast, RetryAfter: int64(wait.Round(time.Second).Seconds())})
			return
		}
		defer h.limit.leave(from)
		select {
		case h.slots <- struct{}{}:
			defer func() { <-h.slots }()
		case <-r.Context().Done():
			return
		}
		if err := h.ledger.stillTheirs(r.Context(), from, r.TLS.VerifiedChains[0][0].PublicKey); err != nil {
			h.refuse(w, r, err)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, max(wire.MaxMessage, journal.MaxBlob))
		a, err := f(r, from)
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		if a.blob != nil {
			w.Header().Set("Content-Type", a.kind)
			w.Header().Set("Cache-Control", "no-store")
			http.ServeContent(w, r, "", time.Time{}, a.blob)
			return
		}
		write(w, http.StatusOK, a)
	})
}

// caller is who the connection's verified certificate belongs to.
func caller(r *http.Request) (wire.Peer, error) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return wire.Peer{}, wire.UnknownStation
	}
	p, err := wire.PeerOf(r.TLS.VerifiedChains[0][0])
	if err != nil {
		return wire.Peer{}, wire.UnknownStation
	}
	return p, nil
}

// refuse answers with a condition. What is no condition of the protocol is logged here and told
// to the caller as Internal.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var e *wire.Error
	var code wire.Code
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &e):
	case errors.As(err, &code):
		e = &wire.Error{Code: code}
	case errors.As(err, &long):
		e = &wire.Error{Code: wire.TooLarge}
	case errors.Is(err, context.Canceled), r.Context().Err() != nil:
		return
	default:
		h.ledger.o.Log.Error("request not served", "endpoint", r.Pattern, "err", err)
		e = &wire.Error{Code: wire.Internal}
	}
	body, encodeErr := wire.Encode(e)
	if encodeErr != nil {
		h.ledger.o.Log.Error("refusal not encoded", "err", encodeErr)
		return
	}
	write(w, e.Code.Status(), answer{body: body, kind: wire.ContentType})
}

func write(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.Header().Set("Cache-Control", "no-store")
	if a.held != nil {
		w.Header().Set(wire.HeaderHeld, strconv.FormatInt(*a.held, 10))
	}
	w.WriteHeader(status)
	_, _ = w.Write(a.body) // a caller that went away asks again
}

// message is an answer whose size tells its class alone.
func message[T wire.Padded](m T, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	body, err := wire.EncodePadded(m)
	return answer{body: body, kind: wire.ContentType}, err
}

func (h *handler) push(r *http.Request, from wire.Peer) (answer, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return answer{}, unread(err)
	}
	req, err := wire.DecodePushRequest(body)
	if err != nil {
		return answer{}, err
	}
	return message(h.ledger.Ingest(r.Context(), from, req))
}

func (h *handler) pull(r *http.Request, from wire.Peer) (answer, error) {
	after, err := number(r, "after")
	if err != nil {
		return answer{}, err
	}
	known, err := number(r, "from")
	if err != nil {
		return answer{}, err
	}
	switch chain := r.URL.Query().Get("chain"); chain {
	case "":
		return message(h.ledger.Pull(r.Context(), from, after, known))
	case wire.OwnChain:
		return message(h.ledger.PullChain(r.Context(), from, from.Name, after, known))
	default:
		return message(h.ledger.PullChain(r.Context(), from, chain, after, known))
	}
}

func (h *handler) checkpoint(r *http.Request, _ wire.Peer) (answer, error) {
	known, err := number(r, "from")
	if err != nil {
		return answer{}, err
	}
	return message(h.ledger.Checkpoint(r.Context(), known))
}

// putBlob takes a whole blob, or the range of it that Content-Range names (RFC 9110, 14.5).
func (h *handler) putBlob(r *http.Request, from wire.Peer) (answer, error) {
	digest, err := journal.ParseHash(r.PathValue("digest"))
	if err != nil {
		return answer{}, wire.BadRequest
	}
	span := wire.Span{End: r.ContentLength, Size: r.ContentLength}
	if value := r.Header.Get("Content-Range"); value != "" {
		if span, err = wire.ParseSpan(value); err != nil {
			return answer{}, err
		}
	}
	if r.ContentLength != span.Len() {
		return answer{}, wire.BadRequest
	}
	held, err := h.ledger.PutBlob(r.Context(), from, digest, span, r.Body)
	return answer{kind: wire.ContentType, held: &held}, err
}

func (h *handler) heldBlob(r *http.Request, from wire.Peer) (answer, error) {
	digest, err := journal.ParseHash(r.PathValue("digest"))
	if err != nil {
		return answer{}, wire.BadRequest
	}
	held, err := h.ledger.Held(r.Context(), from, digest)
	return answer{kind: wire.ContentType, held: &held}, err
}

func (h *handler) getBlob(r *http.Request, to wire.Peer) (answer, error) {
	digest, err := journal.ParseHash(r.PathValue("digest"))
	if err != nil {
		return answer{}, wire.BadRequest
	}
	blob, err := h.ledger.OpenBlob(r.Context(), to, digest)
	return answer{blob: blob, kind: "application/octet-stream"}, err
}

// unread tells a body that is too long from one that broke off.
func unread(err error) error {
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return wire.TooLarge
	}
	return wire.BadRequest
}

// number reads a query parameter; an absent one is 0.
func number(r *http.Request, name string) (int64, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, wire.BadRequest
	}
	return n, nil
}
