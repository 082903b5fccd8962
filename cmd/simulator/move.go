package main

import (
	"github.com/spf13/cobra"

	"padarozhnik/devices/virtual/desk"
)

// moveCommand is the operator's hand.
func moveCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "move SERIAL scanner|reader|printer|away",
		Short: "Put a book on a virtual device, as an operator's hand would",
		Args:  cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			place, err := desk.ParsePlace(args[1])
			if err != nil {
				return err
			}
			d, err := desk.Open(dir)
			if err != nil {
				return err
			}
			return d.Move(args[0], place)
		},
	}
	cmd.Flags().StringVar(&dir, "desk", "", "directory of the simulated desk")
	_ = cmd.MarkFlagRequired("desk")
	return cmd
}
