package pcsc

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/ebfe/scard"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/atr"
)

// Card is a chip held by this process. It is used by one goroutine at a time.
type Card struct {
	service *Service
	reader  string
	context *scard.Context
	card    *scard.Card
	atr     []byte
	once    sync.Once
}

// ATR is the answer to reset.
func (c *Card) ATR() []byte { return append([]byte(nil), c.atr...) }

// Rate is the bit rate on the air in kbit/s, 0 where the reader does not tell.
func (c *Card) Rate(ctx context.Context) (int, error) {
	told := make(chan int, 1)
	err := c.service.call(ctx, c.reader, c.service.deadlines.Service, func() error {
		told <- conversion(c.card)
		return nil
	}, func(error) {})
	if err != nil {
		return 0, fmt.Errorf("reader %q: %w", c.reader, err)
	}
	return map[int]int{1: 106, 2: 212, 4: 424, 8: 848}[<-told], nil
}

// maxRounds bounds the answers 61XX and 6CXX to one command.
const maxRounds = 64

// Transmit sends a command and returns the whole answer: a chip that announces more data (61XX) is
// asked for it, and one that wants another expected length (6CXX) gets the command again (ISO/IEC
// 7816-4, 5.3.4). An answer without a status word is devices.ErrProtocol, an empty one
// devices.ErrChipRemoved.
//
// A chip whose answer to reset states command chaining and not extended length gets a long command
// as a chain of short ones; the answer to a broken chain is that of the link that broke.
func (c *Card) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	cmd, err := apdu.ParseCommand(command)
	if err != nil || !cmd.IsExtended() || !c.wantsChain() {
		return c.transmit(ctx, command)
	}
	chain := cmd.Chain()
	for i, link := range chain {
		b, err := link.Bytes()
		if err != nil {
			return nil, fmt.Errorf("reader %q: %w", c.reader, err)
		}
		answer, err := c.transmit(ctx, b)
		if err != nil || i == len(chain)-1 || !bytes.Equal(answer, []byte{0x90, 0}) {
			return answer, err
		}
	}
	return nil, fmt.Errorf("reader %q: %w", c.reader, apdu.ErrMalformed)
}

func (c *Card) wantsChain() bool {
	a, err := atr.Parse(c.atr)
	return err == nil && a.Can.Chaining && !a.Can.Extended
}

// transmit sends one command and collects its answer.
func (c *Card) transmit(ctx context.Context, command []byte) ([]byte, error) {
	var collected []byte
	for range maxRounds {
		answer, err := c.exchange(ctx, command)
		if err != nil {
			return nil, err
		}
		n := len(answer) - 2
		switch answer[n] {
		case 0x61:
			collected = append(collected, answer[:n]...)
			command = []byte{command[0] &^ 0x1C, 0xC0, 0, 0, answer[n+1]}
			continue
		case 0x6C:
			cmd, err := apdu.ParseCommand(command)
			if n == 0 && err == nil && !cmd.IsExtended() && cmd.Ne > 0 {
				command = append(command[:len(command)-1:len(command)-1], answer[n+1])
				continue
			}
		}
		return append(collected, answer...), nil
	}
	return nil, fmt.Errorf("reader %q: %w: answer without end", c.reader, devices.ErrProtocol)
}

func (c *Card) exchange(ctx context.Context, command []byte) ([]byte, error) {
	if len(command) < 4 {
		return nil, fmt.Errorf("reader %q: %w", c.reader, apdu.ErrMalformed)
	}
	got := make(chan []byte, 1)
	err := c.service.call(ctx, c.reader, c.service.deadlines.Transmit, func() error {
		answer, err := c.card.Transmit(command)
		got <- answer
		return inUse(err)
	}, func(error) {})
	if err != nil {
		return nil, fmt.Errorf("reader %q: %w", c.reader, err)
	}
	switch answer := <-got; len(answer) {
	case 0:
		return nil, fmt.Errorf("reader %q: %w: empty answer", c.reader, devices.ErrChipRemoved)
	case 1:
		return nil, fmt.Errorf("reader %q: %w: %w", c.reader, devices.ErrProtocol, apdu.ErrShort)
	default:
		return answer, nil
	}
}

// Reset powers the chip anew and keeps it.
func (c *Card) Reset(ctx context.Context) error {
	err := c.service.call(ctx, c.reader, c.service.deadlines.Card, func() error {
		return resetCard(c.card)
	}, func(error) {})
	if err != nil {
		return fmt.Errorf("reader %q: reset: %w", c.reader, err)
	}
	return nil
}

// Close resets the chip and lets it go. Behind a call that has not come back it leaves that to the
// call's end, and returns ErrStuck at once. Only the first Close does anything.
func (c *Card) Close() error {
	var err error
	c.once.Do(func() { err = c.release() })
	return err
}

func (c *Card) release() error {
	letGoOf := func() error {
		defer release(c.context)
		return letGo(c.card)
	}
	if c.service.isStuck(c.reader) {
		c.service.mark(c.reader, 1)
		go func() { // ends when the service answers the call before
			_ = letGoOf()
			c.service.mark(c.reader, -1)
		}()
		return fmt.Errorf("reader %q: %w", c.reader, ErrStuck)
	}
	return c.service.call(context.Background(), "", c.service.deadlines.Card, letGoOf, func(error) {})
}
