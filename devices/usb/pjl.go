package usb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"padarozhnik/devices"
)

// uel ends whatever language a printer is in (PJL Technical Reference, 2).
const uel = "\x1b%-12345X"

// languages are the words of PJL for page languages, by the extension of their files.
var languages = map[string]string{".pwg": "PWGRASTER", ".pcl": "PCL"}

// jobHead is what stands before a page, and makes the printer say when it is done.
func jobHead(name, extension string) string {
	return fmt.Sprintf("%s@PJL\r\n@PJL JOB NAME=\"%s\"\r\n@PJL USTATUS JOB=ON\r\n@PJL ENTER LANGUAGE=%s\r\n",
		uel, name, languages[extension])
}

// jobTail is what stands behind a page.
func jobTail(name string) string {
	return fmt.Sprintf("%s@PJL\r\n@PJL EOJ NAME=\"%s\"\r\n%s", uel, name, uel)
}

// plainName is a title as PJL takes it in quotes.
func plainName(title string) string {
	clean := strings.Map(func(r rune) rune {
		if r == '"' || r < ' ' || r > '~' {
			return -1
		}
		return r
	}, title)
	return clean[:min(len(clean), 80)]
}

// maxMessage bounds one message of a printer.
const maxMessage = 4 << 10

// message is one message of a printer: a line with what it is about, and lines of KEY=VALUE or words.
type message struct {
	about  string
	values map[string]string
}

// messages cuts what a printer says into messages, which end with a form feed. Its zero value is ready.
type messages struct{ held []byte }

// take adds bytes and returns the messages that are whole.
func (m *messages) take(b []byte) []message {
	var out []message
	for _, c := range b {
		if c != '\f' {
			if len(m.held) < maxMessage {
				m.held = append(m.held, c)
			}
			continue
		}
		out = append(out, parseMessage(string(m.held)))
		m.held = m.held[:0]
	}
	return out
}

func parseMessage(text string) message {
	m := message{values: map[string]string{}}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if n == 0 {
			m.about = strings.ToUpper(strings.Join(strings.Fields(line), " "))
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		if key = strings.ToUpper(strings.TrimSpace(key)); key != "" && len(m.values) < 64 {
			m.values[key] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return m
}

// ended tells whether a message is the end of a job, and how many pages it printed; fewer than 0 where the
// printer does not say.
func (m message) ended(name string) (bool, int) {
	_, end := m.values["END"]
	_, called := m.values["CANCELED"]
	if m.about != "@PJL USTATUS JOB" || !end && !called || m.values["NAME"] != name {
		return false, 0
	}
	if called {
		return true, 0
	}
	pages, err := strconv.Atoi(m.values["PAGES"])
	if err != nil {
		return true, -1
	}
	return true, pages
}

// meaningOf is what a status code of PJL means to a person (PJL Technical Reference, appendix D).
func meaningOf(code int) (condition, warning error) {
	switch {
	case code == 10006: // toner low
		return nil, devices.ErrInkLow
	case code >= 10000 && code < 11000, code >= 30000 && code < 31000, code == 35078, code == 0:
		return nil, nil
	case code >= 41000 && code < 42000, code >= 11000 && code < 12000: // load paper, in the front or behind
		return devices.ErrNoBooklet, nil
	case code >= 42000 && code < 45000, code == 40022:
		return devices.ErrJammed, nil
	case code == 40021:
		return devices.ErrCoverOpen, nil
	case code == 40010, code == 40038:
		return devices.ErrInkEmpty, nil
	case code == 40079:
		return devices.ErrBusy, nil // taken off line at its panel
	case code >= 40000 && code < 41000:
		return devices.ErrMaintenance, nil
	}
	return devices.ErrTrouble, nil
}

// askPJL asks the printer how it is. One that does not answer in time is taken by its port alone.
func (p *loan) askPJL(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, p.owner.link.timing.Ask)
	defer cancel()
	stop := context.AfterFunc(p.owner.ctx, cancel)
	defer stop()
	if _, err := p.write(ctx, []byte(uel+"@PJL\r\n@PJL INFO STATUS\r\n"+uel)); err != nil {
		return 0, quiet(err)
	}
	var in messages
	for {
		b, err := p.read(ctx)
		if err != nil {
			return 0, quiet(err)
		}
		for _, m := range in.take(b) {
			if m.about == "@PJL INFO STATUS" {
				code, _ := strconv.Atoi(m.values["CODE"])
				return code, nil
			}
		}
		if len(b) == 0 {
			pauseFor(ctx, emptyPause)
		}
	}
}

// quiet is no error where the time alone ended.
func quiet(err error) error {
	if errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, devices.ErrHangs) {
		return nil
	}
	return err
}
