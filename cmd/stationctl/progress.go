package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"padarozhnik/devices"
)

// progress shows how far long work has come, on a terminal alone.
func progress(out io.Writer) devices.Report {
	f, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	last := ""
	return func(p devices.Progress) {
		end := ""
		if last != "" && last != p.Step {
			end = "\n"
		}
		last = p.Step
		if p.Total > 0 {
			fmt.Fprintf(f, "%s\r%-24s %3d %%", end, p.Step, 100*p.Done/p.Total)
			if p.Done >= p.Total {
				fmt.Fprintln(f)
				last = ""
			}
			return
		}
		fmt.Fprintf(f, "%s\r%-24s %d", end, p.Step, p.Done)
	}
}
