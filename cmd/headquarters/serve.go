package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/token"
)

// serveCommand is the internet side.
func (h *headquarters) serveCommand() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Receive signed records and sealed cases from stations",
		Long: `Run the receiving server: the side that faces the internet. It needs public/ and ledger/ of --dir and
the passphrase of ledger/keys.token, and no token: it opens nothing and signs no book.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return h.serve(cmd.Context(), listen, func(address string) {
				fmt.Fprintln(cmd.OutOrStdout(), "listening https://"+address)
			})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8443", "address to listen on")
	return cmd
}

func (h *headquarters) serve(ctx context.Context, listen string, ready func(string)) error {
	return h.withLedger(func(keys *token.Keyring, l *ledger.Ledger) error {
		return h.answer(ctx, keys, l, listen, ready)
	})
}

// answer serves an open ledger until ctx ends.
func (h *headquarters) answer(ctx context.Context, keys *token.Keyring, l *ledger.Ledger, listen string,
	ready func(string)) error {
	root, err := h.certificate("public", "root.der")
	if err != nil {
		return err
	}
	own, err := h.certificate("ledger", "server.der")
	if err != nil {
		return err
	}
	key, err := keys.Signer(keyServer)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := l.Server(wire.ServerTLS(wire.Pair(own, key), root, h.now))
	done := make(chan error, 1)
	go func() { done <- server.ServeTLS(listener, "", "") }()
	ready(listener.Addr().String())
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = server.Shutdown(end)
	if served := <-done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
