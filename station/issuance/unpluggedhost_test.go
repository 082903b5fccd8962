//go:build !guest

package issuance_test

import (
	"os"
	"testing"
	"time"

	"padarozhnik/devices/virtual/hub"
)

// newSockets is a bus of this process.
func newSockets(t *testing.T) sockets {
	t.Helper()
	b := &hub.Bus{}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// cableSilence is how long a pipe may stand still.
const cableSilence = time.Second

// sittings are thirty cables at one desk; and thirty at three, with a page after each, where there is time.
func sittings() []sitting {
	if os.Getenv("PADAROZHNIK_TORTURE") == "" {
		return []sitting{{seed: 9, pulls: 30, well: 5}}
	}
	return []sitting{{9, 30, 5, 0}, {1, 10, 1, 0}, {2, 10, 1, 0}, {3, 10, 1, 0}}
}
