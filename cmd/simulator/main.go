// Command simulator runs the virtual devices of a training office as programs of their own: a
// passport chip on a PC/SC reader, an eSCL scanner, an IPP passport printer. They speak the real
// protocols, so the station's drivers cannot tell them from hardware.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := &cobra.Command{
		Use:           "simulator",
		Short:         "Virtual chip, scanner and printer of a training office",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(chipCommand(), scannerCommand(), printerCommand(), usbCommand(), moveCommand(), stockCommand())
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "simulator:", err)
		os.Exit(1)
	}
}
