package usb_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"padarozhnik/devices/usb"
)

// BenchmarkLook measures what watching for hot plug costs on a bus of 24 devices, as a share of one core at one look a
// second.
func BenchmarkLook(b *testing.B) {
	dir := b.TempDir()
	for n := range 24 {
		d := filepath.Join(dir, fmt.Sprintf("1-%d", n+1))
		if err := os.Mkdir(d, 0o700); err != nil {
			b.Fatal(err)
		}
		for name, text := range map[string]string{
			"busnum": "1\n", "devnum": fmt.Sprintln(n + 2), "descriptors": string(shaped("")), "product": "P\n",
		} {
			if err := os.WriteFile(filepath.Join(d, name), []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.Mkdir(d+":1.0", 0o700); err != nil {
			b.Fatal(err)
		}
	}
	k := usb.KernelAt(dir, "/dev/bus/usb")
	for name, look := range map[string]func(){
		"unchanged": func() { _ = k.Changed() },
		"listed": func() {
			if _, err := usb.ListOn(b.Context(), k); err != nil {
				b.Fatal(err)
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			before := cpu()
			for b.Loop() {
				look()
			}
			b.ReportMetric(float64(cpu()-before)/float64(b.N)/float64(usb.WatchEvery)*100, "%core")
		})
	}
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
