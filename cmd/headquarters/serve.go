package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/station/hq/wire"
)

// serveCommand is the internet side.
func (h *headquarters) serveCommand() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Receive signed records and sealed cases from stations",
		Long: `Receive signed records and sealed cases from stations, over TLS 1.3 with certificates on both sides.
The ledger is a SQLite file in the headquarters directory. With --database postgres://USER@HOST/NAME it
is in a PostgreSQL database instead, and any number of servers with the same keys may serve it behind a
load balancer that passes TLS through. Limits on requests are counted by each server for itself. A
password belongs into a password file (PGPASSFILE), where no list of processes shows it.`,
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
	keys, err := h.ledgerKeys()
	if err != nil {
		return err
	}
	defer keys.Close()
	l, err := h.openLedger(keys)
	if err != nil {
		return err
	}
	defer l.Close()
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
