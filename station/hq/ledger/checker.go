package ledger

import (
	"crypto/ecdsa"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"padarozhnik/station/journal"
)

// ErrTampered is wrapped by every finding of an audit.
var ErrTampered = errors.New("ledger does not hold together")

// maxFindings ends an audit early; what is broken that often is broken.
const maxFindings = 100

// Finding is one thing that an audit found wrong. Leaf is -1 where it is not about one entry.
type Finding struct {
	Leaf int64
	Err  error
}

// Audit is the result of a full verification.
type Audit struct {
	Head        journal.TreeHead // recomputed from the raw entries
	Chains      int
	Blobs       int64
	Checkpoints int64
	Findings    []Finding
}

// OK tells whether nothing was found.
func (a *Audit) OK() bool { return len(a.Findings) == 0 }

var errEnough = errors.New("enough findings")

// checker takes raw entries and signed checkpoints in the order of the tree, wherever they lie, and
// believes nothing but the registered keys: every signature is checked under the key of its time,
// every chain followed, and the tree rebuilt from its leaves.
type checker struct {
	verifier note.Verifier
	keys     map[string][]validKey // by id
	audit    *Audit
	chains   map[string]*journal.Verifier
	tree     *frontier
}

func newChecker(v note.Verifier, keys []validKey, a *Audit) *checker {
	c := &checker{verifier: v, keys: map[string][]validKey{}, audit: a,
		chains: map[string]*journal.Verifier{}, tree: newFrontier()}
	for _, k := range keys {
		c.keys[k.id] = append(c.keys[k.id], k)
	}
	return c
}

func (c *checker) find(leaf int64, err error) error {
	c.audit.Findings = append(c.audit.Findings, Finding{Leaf: leaf, Err: fmt.Errorf("%w: %w", ErrTampered, err)})
	if len(c.audit.Findings) >= maxFindings {
		return errEnough
	}
	return nil
}

// broken is find for what makes all that follows worthless.
func (c *checker) broken(leaf int64, err error) error {
	return errors.Join(c.find(leaf, err), errEnough)
}

// entry takes the next one and returns it with the nodes of the tree that it completes.
func (c *checker) entry(raw []byte) (journal.Signed, []tlog.Hash, error) {
	leaf := c.tree.size
	s, err := journal.Parse(raw)
	if err != nil {
		return s, nil, c.broken(leaf, err)
	}
	chain := s.Entry.Chain
	v := c.chains[chain]
	if v == nil {
		v = journal.NewVerifier(chain, c.key, nil)
		c.chains[chain] = v
		c.audit.Chains++
	}
	if err := v.Next(s); err != nil {
		if err := c.find(leaf, err); err != nil {
			return s, nil, err
		}
		// The chain goes on from here, so that one bad entry is one finding.
		c.chains[chain] = journal.NewVerifier(chain, c.key, &s)
	}
	made, err := c.tree.add(s.Leaf())
	c.audit.Head.Size = c.tree.size
	return s, made, err
}

// key is the journal.KeyLookup for the leaf in work.
func (c *checker) key(e journal.Entry) (*ecdsa.PublicKey, error) {
	if k := signerOf(c.keys[e.Actor], e, c.tree.size); k != nil {
		return k, nil
	}
	return nil, journal.ErrUnknownKey
}

// checkpoint takes the one that is kept as that of the present size.
func (c *checker) checkpoint(raw []byte) error {
	c.audit.Checkpoints++
	head, err := c.tree.head()
	if err != nil {
		return err
	}
	signed, err := journal.ParseCheckpoint(raw, c.verifier)
	switch {
	case err != nil:
	case signed.Size != head.Size:
		err = errors.New("another size was signed")
	case signed.Root != head.Root:
		err = errors.New("another root was signed")
	default:
		return nil
	}
	return c.find(-1, fmt.Errorf("checkpoint of size %d: %w", head.Size, err))
}

// last is the identity of the newest entry of a chain, nil where it has none.
func (c *checker) last(chain string) []byte {
	if v := c.chains[chain]; v != nil {
		if s, ok := v.Last(); ok {
			id := s.ID()
			return id[:]
		}
	}
	return nil
}
