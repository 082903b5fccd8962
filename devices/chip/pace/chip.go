package pace

import (
	"crypto/subtle"
	"fmt"
	"io"
	"math/big"

	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds/tlv"
)

// Chip is the chip's end of one run: a machine with four rounds. A round that is wrong or out of
// turn ends the run, and a new one needs a new Chip.
type Chip struct {
	info     Info
	group    domain.Group
	password Password
	static   *big.Int
	rand     io.Reader

	round     int
	nonce     []byte
	mapping   *big.Int
	generator domain.Element
	mine      domain.Element
	theirs    domain.Element
	keys      keys
}

// NewChip starts a run with the protocol and the password that the terminal chose. static is the
// chip's private key for chip authentication mapping, on the same domain parameters; nil where the
// protocol is another.
func NewChip(rand io.Reader, info Info, pw Password, static *big.Int) (*Chip, error) {
	group, err := info.group()
	if err != nil {
		return nil, err
	}
	if (static != nil) != (info.Protocol.Mapping == ChipAuthMapping) {
		return nil, fmt.Errorf("%w: %s and its static key do not go together", ErrUnsupported, info.Protocol)
	}
	return &Chip{info: info, group: group, password: pw, static: static, rand: rand}, nil
}

// FirstRound tells that no round was run yet.
func (c *Chip) FirstRound() bool { return c.round == 0 }

// LastRound tells that the next round is the one in which the terminal proves the password.
func (c *Chip) LastRound() bool { return c.round == 3 }

// Authenticate answers one GENERAL AUTHENTICATE. After the last round the session is not nil. It
// returns ErrPassword where the terminal's token is wrong and ErrProtocol for anything else.
func (c *Chip) Authenticate(data []byte) (answer []byte, session *sm.Session, err error) {
	inner, err := tlv.Path(data, tagDynamic)
	if err != nil {
		c.round = -1
		return nil, nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	rounds := []func([]byte) ([]byte, error){c.sendNonce, c.mapNonce, c.agree, c.prove}
	if c.round < 0 || c.round >= len(rounds) {
		return nil, nil, fmt.Errorf("%w: run is over", ErrProtocol)
	}
	step := rounds[c.round]
	c.round++
	out, err := step(inner)
	if err != nil {
		c.round = -1
		c.keys.zero()
		return nil, nil, err
	}
	if c.round == len(rounds) {
		session, err = sm.New(c.info.Protocol.Suite, c.keys.enc, c.keys.mac, nil)
		c.keys.zero()
		if err != nil {
			return nil, nil, err
		}
	}
	return tlv.Encode(tagDynamic, out), session, nil
}

func (c *Chip) sendNonce(inner []byte) ([]byte, error) {
	if len(inner) != 0 {
		return nil, fmt.Errorf("%w: data in the first round", ErrProtocol)
	}
	c.nonce = make([]byte, nonceSize(c.info.Protocol.Suite))
	if _, err := io.ReadFull(c.rand, c.nonce); err != nil {
		return nil, fmt.Errorf("pace: draw nonce: %w", err)
	}
	z, err := cryptNonce(c.info.Protocol.Suite, c.password, c.nonce, true)
	if err != nil {
		return nil, err
	}
	return tlv.Encode(tagNonce, z), nil
}

// peer reads the terminal's public key of a round.
func (c *Chip) peer(inner []byte, tag uint32) (domain.Element, error) {
	b, err := object(inner, tag)
	if err != nil {
		return domain.Element{}, err
	}
	e, err := c.group.Parse(b)
	if err != nil {
		return domain.Element{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return e, nil
}

func (c *Chip) mapNonce(inner []byte) ([]byte, error) {
	defer clear(c.nonce)
	if c.info.Protocol.Mapping.integrated() {
		return c.mapIntegrated(inner)
	}
	peer, err := c.peer(inner, tagMapTerminal)
	if err != nil {
		return nil, err
	}
	var public domain.Element
	if c.mapping, public, err = c.group.Generate(c.rand); err != nil {
		return nil, fmt.Errorf("pace: mapping key: %w", err)
	}
	if c.generator, err = mapGeneric(c.group, c.nonce, c.mapping, peer); err != nil {
		return nil, err
	}
	return tlv.Encode(tagMapChip, c.group.Bytes(public)), nil
}

func (c *Chip) mapIntegrated(inner []byte) ([]byte, error) {
	t, err := object(inner, tagMapTerminal)
	if err != nil {
		return nil, err
	}
	if len(t) != c.info.Protocol.Suite.KeySize() {
		return nil, fmt.Errorf("%w: second nonce of %d bytes", ErrProtocol, len(t))
	}
	if c.generator, err = mapIntegrated(c.info.Protocol.Suite, c.group, c.nonce, t); err != nil {
		return nil, err
	}
	return tlv.Encode(tagMapChip), nil
}

func (c *Chip) agree(inner []byte) ([]byte, error) {
	var err error
	if c.theirs, err = c.peer(inner, tagKeyTerminal); err != nil {
		return nil, err
	}
	own, err := c.group.Draw(c.rand)
	if err != nil {
		return nil, fmt.Errorf("pace: ephemeral key: %w", err)
	}
	if c.mine, err = c.group.Mul(own, c.generator); err != nil {
		return nil, outOfProtocol("ephemeral key", err)
	}
	if c.keys, err = sessionKeys(c.info.Protocol.Suite, c.group, own, c.mine, c.theirs); err != nil {
		return nil, err
	}
	return tlv.Encode(tagKeyChip, c.group.Bytes(c.mine)), nil
}

func (c *Chip) prove(inner []byte) ([]byte, error) {
	got, err := object(inner, tagProofReader)
	if err != nil {
		return nil, err
	}
	want, err := token(c.info.Protocol, c.group, c.keys.mac, c.mine)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(want, got) != 1 {
		return nil, ErrPassword
	}
	proof, err := token(c.info.Protocol, c.group, c.keys.mac, c.theirs)
	if err != nil {
		return nil, err
	}
	out := tlv.Encode(tagProofChip, proof)
	if c.static == nil {
		return out, nil
	}
	cryptogram, err := sealProof(c.info.Protocol.Suite, c.group, c.keys.enc, c.mapping, c.static)
	if err != nil {
		return nil, err
	}
	return tlv.Append(out, tagChipAuth, cryptogram), nil
}
