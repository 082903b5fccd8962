// Package setup turns a configuration file into a working desk: store, tokens, charter,
// headquarters, and real or virtual devices, which differ in nothing but their addresses.
package setup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"padarozhnik/resources"
	"padarozhnik/station/issuance"
)

// Config is a station's configuration. Its keys and defaults stand in resources/station.toml.
type Config struct {
	Store        string       `toml:"store"`
	Charter      string       `toml:"charter"`
	Trust        string       `toml:"trust"`
	Root         string       `toml:"root"`
	Token        string       `toml:"token"`
	Language     string       `toml:"language"`
	Tokens       Tokens       `toml:"tokens"`
	Training     bool         `toml:"training"`
	Headquarters Headquarters `toml:"headquarters"`
	Devices      Devices      `toml:"devices"`
	Page         Page         `toml:"page"`
}

// Headquarters says where headquarters is reached.
type Headquarters struct {
	URL         string `toml:"url"`
	Certificate string `toml:"certificate"`
	Proxy       string `toml:"proxy"`
}

// Devices are the addresses of the machines and the camera, and who moves booklets between them.
type Devices struct {
	Scanner string `toml:"scanner"`
	Camera  string `toml:"camera"`
	Printer string `toml:"printer"`
	Encoder string `toml:"encoder"`
	Hand    string `toml:"hand"`
}

// Page says how data pages are printed.
type Page struct {
	DPI int `toml:"dpi"`
}

// ErrConfig: the configuration cannot be used; the error names file, line and key.
var ErrConfig = issuance.ErrConfig

// Load reads the defaults, then the file, then the environment: PADAROZHNIK_ and the key in
// capitals with underscores (PADAROZHNIK_DEVICES_SCANNER). getenv is os.LookupEnv outside tests.
func Load(path string, getenv func(string) (string, bool)) (Config, error) {
	var c Config
	if err := decode(resources.StationConfig, "defaults", &c); err != nil {
		return c, err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("%w: %w", ErrConfig, missing(err))
	}
	if err := decode(raw, path, &c); err != nil {
		return c, err
	}
	if err := c.override(getenv); err != nil {
		return c, err
	}
	c.resolve(filepath.Dir(path))
	return c, c.check(path, raw)
}

func decode(raw []byte, name string, c *Config) error {
	err := toml.NewDecoder(bytes.NewReader(raw)).DisallowUnknownFields().Decode(c)
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		e := unknown.Errors[0]
		line, _ := e.Position()
		return fmt.Errorf("%w: %s line %d: no such key: %s", ErrConfig, name, line, strings.Join(e.Key(), "."))
	}
	var wrong *toml.DecodeError
	if errors.As(err, &wrong) {
		line, _ := wrong.Position()
		key := strings.Join(wrong.Key(), ".")
		return fmt.Errorf("%w: %s line %d: %s: %s", ErrConfig, name, line, key, wrong.Error())
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrConfig, name, err)
	}
	return nil
}

// texts lists every value that is a text, by key.
func (c *Config) texts() map[string]*string {
	return map[string]*string{
		"store": &c.Store, "charter": &c.Charter, "trust": &c.Trust, "root": &c.Root, "token": &c.Token, "language": &c.Language,
		"tokens.module": &c.Tokens.Module, "tokens.signer": &c.Tokens.Signer,
		"headquarters.url": &c.Headquarters.URL, "headquarters.certificate": &c.Headquarters.Certificate,
		"headquarters.proxy": &c.Headquarters.Proxy,
		"devices.scanner":    &c.Devices.Scanner, "devices.printer": &c.Devices.Printer,
		"devices.camera":  &c.Devices.Camera,
		"devices.encoder": &c.Devices.Encoder, "devices.hand": &c.Devices.Hand,
	}
}

func variable(key string) string {
	return "PADAROZHNIK_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

func (c *Config) override(getenv func(string) (string, bool)) error {
	for key, value := range c.texts() {
		if v, ok := getenv(variable(key)); ok {
			*value = v
		}
	}
	if v, ok := getenv(variable("training")); ok {
		on, err := strconv.ParseBool(v)
		if err != nil {
			return fmt.Errorf("%w: environment: %s is neither true nor false", ErrConfig, variable("training"))
		}
		c.Training = on
	}
	if v, ok := getenv(variable("page.dpi")); ok {
		n, err := strconv.Atoi(v)
		if err != nil {
			return fmt.Errorf("%w: environment: %s is no number", ErrConfig, variable("page.dpi"))
		}
		c.Page.DPI = n
	}
	return nil
}

func (c *Config) resolve(dir string) {
	for _, p := range []*string{&c.Store, &c.Charter, &c.Trust, &c.Root, &c.Token, &c.Headquarters.Certificate} {
		if *p != "" && !filepath.IsAbs(*p) && !strings.HasPrefix(*p, Hardware) {
			*p = filepath.Join(dir, *p)
		}
	}
	if rest, ok := strings.CutPrefix(c.Devices.Hand, handDesk); ok && !filepath.IsAbs(rest) {
		c.Devices.Hand = handDesk + filepath.Join(dir, rest)
	}
}

func (c *Config) check(path string, raw []byte) error {
	bad := func(key, want string) error {
		return fmt.Errorf("%w: %s line %d: %s: want %s", ErrConfig, path, lineOf(raw, key), key, want)
	}
	switch {
	case !slices.Contains(resources.Languages(), c.Language):
		return bad("language", strings.Join(resources.Languages(), " or "))
	case c.Page.DPI < 300 || c.Page.DPI > 1200:
		return bad("page.dpi", "300 to 1200")
	case c.Devices.Hand != handAsk && !strings.HasPrefix(c.Devices.Hand, handDesk):
		return bad("devices.hand", "ask or desk:DIR")
	case c.Headquarters.URL != "" && !strings.HasPrefix(c.Headquarters.URL, "https://"):
		return bad("headquarters.url", "https://HOST:PORT")
	case c.Headquarters.Proxy != "" && !strings.HasPrefix(c.Headquarters.Proxy, "socks5://"):
		return bad("headquarters.proxy", "socks5://HOST:PORT")
	}
	return nil
}

// lineOf finds the line on which a key stands; 0 where the value came from somewhere else.
func lineOf(raw []byte, key string) int {
	table, name, nested := strings.Cut(key, ".")
	if !nested {
		table, name = "", table
	}
	inside := ""
	for i, line := range strings.Split(string(raw), "\n") {
		line = strings.TrimSpace(line)
		if header, ok := strings.CutPrefix(line, "["); ok {
			inside, _, _ = strings.Cut(header, "]")
			continue
		}
		word, _, ok := strings.Cut(line, "=")
		if ok && inside == table && strings.TrimSpace(word) == name {
			return i + 1
		}
	}
	return 0
}

// The two hands.
const (
	handAsk  = "ask"
	handDesk = "desk:"
)
