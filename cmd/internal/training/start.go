package training

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"padarozhnik/devices/virtual/readers"
)

// startTime bounds how long a program may take until it says that it is ready.
const startTime = 60 * time.Second

// Start runs headquarters and the virtual devices, and writes the station's configuration. Stop
// ends them; they also end when this process dies.
func (o *Office) Start(ctx context.Context) error {
	if err := o.start(ctx); err != nil {
		return errors.Join(fmt.Errorf("start training office: %w", err), o.Stop())
	}
	return nil
}

func (o *Office) start(ctx context.Context) error {
	nurse := newNurse()
	o.ready = append(o.ready, nurse.end)
	if err := o.mendHSM(ctx); err != nil {
		return err
	}
	lease, release, err := readers.New().Lease(ctx)
	if err != nil {
		return err
	}
	o.ready = append(o.ready, func() error { release(); return nil })
	address, err := o.launch(ctx, nurse, "headquarters", "listening ", "serve", "--listen", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := o.launch(ctx, nurse, "headquarters", "vault open",
		"vault", "--ledger", address, "--every", "200ms"); err != nil {
		return err
	}
	// The second place, without which a station keeps its sealed cases. Here it lies on the same disk.
	if _, err := o.launch(ctx, nurse, "headquarters", "safe in", "backup", o.Path("second"), "--every", "1s"); err != nil {
		return err
	}
	scanner, err := o.launch(ctx, nurse, "simulator", "listening ",
		"scanner", "--desk", o.Path("desk"), "--pages", o.Path("pages"), "--listen", "127.0.0.1:0")
	if err != nil {
		return err
	}
	printer, err := o.launch(ctx, nurse, "simulator", "listening ",
		"printer", "--desk", o.Path("desk"), "--listen", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := o.launch(ctx, nurse, "simulator", "chip ready",
		"chip", "--desk", o.Path("desk"), "--port", strconv.Itoa(lease.Port)); err != nil {
		return err
	}
	return o.configure(address, scanner, printer, lease.ReaderName)
}

func (o *Office) configure(headquarters, scanner, printer, reader string) error {
	if _, err := url.Parse(headquarters); err != nil {
		return err
	}
	text := fmt.Sprintf(`# Written at the start of the training office.
training = true

[headquarters]
url = %q

[devices]
scanner = %q
printer = %q
encoder = %q
hand = %q
`, headquarters, scanner, printer, "pcsc:"+reader, "desk:../desk")
	return os.WriteFile(o.Config(), []byte(text), 0o600)
}

// launch starts a program and waits for the line that says it is ready; it returns what follows
// the mark on that line. The program's own log goes to a file of the office.
func (o *Office) launch(ctx context.Context, n *nurse, program, mark string, args ...string) (string, error) {
	name := program + "-" + args[0]
	cmd, err := o.Command(context.WithoutCancel(ctx), program, args...) // ends with the office
	if err != nil {
		return "", err
	}
	log, err := os.OpenFile(o.Path(name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return "", err
	}
	defer log.Close()
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := n.start(cmd); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	o.ready = append(o.ready, func() error { return stop(cmd) })
	lines := make(chan string, 1)
	go func() {
		s := bufio.NewScanner(out)
		for s.Scan() {
			if rest, ok := strings.CutPrefix(s.Text(), mark); ok {
				select {
				case lines <- rest:
				default:
				}
			}
		}
		close(lines)
	}()
	select {
	case rest, ok := <-lines:
		if !ok {
			return "", fmt.Errorf("%s ended at its start; see %s", name, o.Path(name+".log"))
		}
		return rest, nil
	case <-ctx.Done():
		return "", ctx.Err()
	case <-time.After(startTime):
		return "", fmt.Errorf("%s did not say that it is ready; see %s", name, o.Path(name+".log"))
	}
}

// stop asks a program to end and, if it does not, ends it.
func stop(cmd *exec.Cmd) error {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case <-done:
		return nil
	case <-time.After(15 * time.Second):
		err := cmd.Process.Kill()
		<-done
		return err
	}
}

// nurse starts programs from one thread that lives as long as the office: the kernel ends a child
// when the thread that started it dies, and Go may end any other thread at any time.
type nurse struct {
	jobs chan func()
}

func newNurse() *nurse {
	n := &nurse{jobs: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for job := range n.jobs {
			job()
		}
	}()
	return n
}

func (n *nurse) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	result := make(chan error, 1)
	n.jobs <- func() { result <- cmd.Start() }
	return <-result
}

func (n *nurse) end() error {
	close(n.jobs)
	return nil
}
