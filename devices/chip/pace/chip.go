package pace

import (
	"crypto/subtle"
	"fmt"
	"io"

	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/pki/ec"
)

// Chip is the chip's end of one run: a machine with four rounds. A round that is wrong or out of
// turn ends the run, and a new one needs a new Chip.
type Chip struct {
	info     Info
	curve    *ec.Curve
	password Password
	rand     io.Reader

	round     int
	nonce     []byte
	generator ec.Point
	mine      ec.Point
	theirs    ec.Point
	keys      keys
}

// NewChip starts a run with the protocol and the password that the terminal chose.
func NewChip(rand io.Reader, info Info, pw Password) (*Chip, error) {
	curve, err := info.curve()
	if err != nil {
		return nil, err
	}
	return &Chip{info: info, curve: curve, password: pw, rand: rand}, nil
}

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

// point reads the terminal's public key of a round.
func (c *Chip) point(inner []byte, tag uint32) (ec.Point, error) {
	b, err := tlv.Path(inner, tag)
	if err != nil {
		return ec.Point{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	p, err := c.curve.Point(b)
	if err != nil {
		return ec.Point{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return p, nil
}

func (c *Chip) mapNonce(inner []byte) ([]byte, error) {
	peer, err := c.point(inner, tagMapTerminal)
	if err != nil {
		return nil, err
	}
	own, public, err := c.curve.GenerateKey(c.rand)
	if err != nil {
		return nil, fmt.Errorf("pace: mapping key: %w", err)
	}
	if c.generator, err = mapGeneric(c.curve, c.nonce, own, peer); err != nil {
		return nil, err
	}
	clear(c.nonce)
	return tlv.Encode(tagMapChip, c.curve.Bytes(public)), nil
}

func (c *Chip) agree(inner []byte) ([]byte, error) {
	peer, err := c.point(inner, tagKeyTerminal)
	if err != nil {
		return nil, err
	}
	own, _, err := c.curve.GenerateKey(c.rand)
	if err != nil {
		return nil, fmt.Errorf("pace: ephemeral key: %w", err)
	}
	c.theirs, c.mine = peer, c.curve.Mul(own, c.generator)
	if c.keys, err = sessionKeys(c.info.Protocol, c.curve, own, c.mine, c.theirs); err != nil {
		return nil, err
	}
	return tlv.Encode(tagKeyChip, c.curve.Bytes(c.mine)), nil
}

func (c *Chip) prove(inner []byte) ([]byte, error) {
	got, err := tlv.Path(inner, tagProofReader)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	want, err := token(c.info.Protocol, c.curve, c.keys.mac, c.mine)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(want, got) != 1 {
		return nil, ErrPassword
	}
	proof, err := token(c.info.Protocol, c.curve, c.keys.mac, c.theirs)
	if err != nil {
		return nil, err
	}
	return tlv.Encode(tagProofChip, proof), nil
}
