package chip

import (
	"fmt"
	"time"
)

// Air is the time that commands and answers take between reader and chip: ISO/IEC 14443-3 and -4,
// type A, nothing lost. Chip and reader compute in no time here: what is counted is the air alone.
//
//	parameter    value       why
//	Rate         106..848    kbit/s: the carrier of 13.56 MHz divided by 128, 64, 32, 16; both ways the same
//	FrameSize    256         bytes of a frame with its ends: FSD and FSC of code 8
//	ByteBits     9           eight and a parity bit (type B: ten and more)
//	FrameBits    2           start and end of communication, in bits of the rate
//	BlockBytes   3           prologue (PCB) and CRC of every block; no CID, no NAD
//	FrameDelay   1172/fc     86.4 us from the last bit of one side to the first of the other
//	Acknowledge  3           bytes of R(ACK), which answers each block of a chain but the last
//	FieldOff     5.1 ms      what a chip needs to be surely without power
//	Guard        5 ms        field without modulation before the first command
//	PageTime     2 ms        flash: erasing and writing one page; counted apart from the air
//	PageSize     64          bytes
type Air struct {
	Rate        int // kbit/s, one of 106, 212, 424, 848
	FrameSize   int
	ByteBits    int
	FrameBits   int
	BlockBytes  int
	Acknowledge int
	FrameDelay  time.Duration
	FieldOff    time.Duration
	Guard       time.Duration
	PageTime    time.Duration
	PageSize    int
}

// carrier is the frequency fc of the field.
const carrier = 13_560_000

// NewAir is the model with the values of the table at a bit rate.
func NewAir(rate int) (Air, error) {
	if _, ok := divisor(rate); !ok {
		return Air{}, fmt.Errorf("%d kbit/s: want 106, 212, 424 or 848", rate)
	}
	return Air{
		Rate: rate, FrameSize: 256, ByteBits: 9, FrameBits: 2, BlockBytes: 3, Acknowledge: 3,
		FrameDelay: 1172 * time.Second / carrier, FieldOff: 5100 * time.Microsecond, Guard: 5 * time.Millisecond,
		PageTime: 2 * time.Millisecond, PageSize: 64,
	}, nil
}

func divisor(rate int) (time.Duration, bool) {
	d, ok := map[int]time.Duration{106: 128, 212: 64, 424: 32, 848: 16}[rate]
	return d, ok
}

// bits is how long some bits take at a rate.
func bits(rate, n int) time.Duration {
	d, _ := divisor(rate)
	return time.Duration(n) * d * time.Second / carrier
}

// frame is the time of one frame with so many bytes between its ends, and of the silence behind it.
func (a Air) frame(bytes int) time.Duration {
	return bits(a.Rate, a.FrameBits+a.ByteBits*bytes) + a.FrameDelay
}

// message is one direction of an exchange: a chain of blocks, each but the last acknowledged.
func (a Air) message(bytes int) time.Duration {
	room := a.FrameSize - a.BlockBytes
	var t time.Duration
	for ; bytes > room; bytes -= room {
		t += a.frame(a.FrameSize) + a.frame(a.Acknowledge)
	}
	return t + a.frame(bytes+a.BlockBytes)
}

// Exchange is the time of one command and its answer, status word included.
func (a Air) Exchange(command, answer int) time.Duration {
	return a.message(command) + a.message(answer)
}

// activation lists what a reader and a chip with an identifier of seven bytes say until the chip
// takes its first command, in bits each way (ISO/IEC 14443-3, 6, and 14443-4, 5): WUPA and ATQA,
// two cascade levels of anticollision and selection, RATS and ATS. It goes at 106 kbit/s.
func activation() [][2]int {
	return [][2]int{{7, 18}, {18, 45}, {81, 27}, {18, 45}, {81, 27}, {36, 126}}
}

// Activation is the time from the loss of power to the first command: the chip was reset. The bit
// rate is agreed on at its end (PPS).
func (a Air) Activation() time.Duration {
	t := a.FieldOff + a.Guard
	for _, step := range activation() {
		for _, n := range step {
			t += bits(106, n+a.FrameBits) + a.FrameDelay
		}
	}
	if a.Rate > 106 {
		t += bits(106, 5*a.ByteBits+a.FrameBits) + bits(106, 3*a.ByteBits+a.FrameBits) + 2*a.FrameDelay
	}
	return t
}

// Flash is the time of writing so many bytes to the chip's memory.
func (a Air) Flash(bytes int) time.Duration {
	if a.PageSize == 0 {
		return 0
	}
	return time.Duration((bytes+a.PageSize-1)/a.PageSize) * a.PageTime
}

// Clock counts the time of a model. It is counted, not waited for, unless Sleep says so.
type Clock struct {
	Air   Air
	Sleep func(time.Duration) // nil counts only

	Spent  time.Duration // on the air
	Flash  time.Duration // in the chip's memory
	Resets int
}

func (k *Clock) spend(on *time.Duration, d time.Duration) {
	if k == nil {
		return
	}
	*on += d
	if k.Sleep != nil {
		k.Sleep(d)
	}
}

// SetClock has the chip count its time from now on; nil ends that.
func (c *Chip) SetClock(k *Clock) { c.clock = k }

func (c *Chip) exchanged(command, answer int) {
	if c.clock != nil {
		c.clock.spend(&c.clock.Spent, c.clock.Air.Exchange(command, answer))
	}
}

func (c *Chip) wrote(bytes int) {
	if c.clock != nil {
		c.clock.spend(&c.clock.Flash, c.clock.Air.Flash(bytes))
	}
}

func (c *Chip) activated() {
	if c.clock != nil {
		c.clock.Resets++
		c.clock.spend(&c.clock.Spent, c.clock.Air.Activation())
	}
}
