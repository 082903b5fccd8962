package journal

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// timePrefix is what tells a time mark from a checkpoint and from a durable mark.
const timePrefix = "time "

// SignTime says when headquarters' ledger gave a checkpoint out. It is a checkpoint with one more line,
// "time" and seconds since 1970 UTC, signed by the same key: a time that has passed, by the clock of
// whoever keeps the ledger, even where headquarters has nothing else to say.
func SignTime(head TreeHead, at time.Time, signer note.Signer) ([]byte, error) {
	raw, err := signHead(head, timePrefix+strconv.FormatInt(at.Unix(), 10)+"\n", signer)
	if err != nil {
		return nil, fmt.Errorf("sign time: %w", err)
	}
	return raw, nil
}

// ParseTime reads a time mark that came with a checkpoint: one for another state of the tree is
// ErrMalformed.
func ParseTime(raw []byte, c Checkpoint, ledger note.Verifier) (int64, error) {
	head, rest, err := openHead(raw, ledger)
	if err != nil || len(rest) != 1 || head != c.TreeHead {
		return 0, fmt.Errorf("time mark: %w", orMalformed(err))
	}
	text, ok := strings.CutPrefix(rest[0], timePrefix)
	at, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || at < 1 || strconv.FormatInt(at, 10) != text {
		return 0, fmt.Errorf("time mark: %w", ErrMalformed)
	}
	return at, nil
}
