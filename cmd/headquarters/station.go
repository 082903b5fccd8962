package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"

	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// publicKey is what `stationctl token create` hands out of a token.
type publicKey struct {
	Pseudonym string `json:"pseudonym"`
	KeyID     string `json:"keyId"`
	SPKI      []byte `json:"spki"`
	HPKE      []byte `json:"hpke"`
}

func (h *headquarters) stationCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "station", Short: "Enrol stations and their officers"}
	cmd.AddCommand(h.enrolCommand(), h.renewCommand(), h.replaceStationCommand())
	return cmd
}

// errRevokedToken: an officer whose token a notice has revoked needs another.
var errRevokedToken = errors.New("an officer's token is revoked")

type enrolment struct {
	id, key, profile string
	officers         []string
}

func (h *headquarters) enrolCommand() *cobra.Command {
	var e enrolment
	cmd := &cobra.Command{
		Use:   "enrol STATION",
		Short: "Sign a station's charter and client certificate, or a newer charter with other officers",
		Long: `Sign what a station needs to begin: its charter (profile, officers, whom it may believe) and its client
certificate. With a station that is enrolled already, the charter is the next version. The root signs,
so its store is opened: the token of --pkcs11, or the key file.

stations/STATION/ then holds charter.cose, client.der and, once there is a trust list, trust.cose. They
go to the station together; the station refuses a trust list that is not its charter's.`,
		Example: `  headquarters station enrol UTO-01 --key station.json \
      --officer 'anna.json=enrol;until=2027-06-30;vetted=2027-03-31' --officer boris.json=approve,custody`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			e.id = args[0]
			version, err := h.enrol(cmd.Context(), e)
			if err != nil {
				return err
			}
			h.chartered(cmd.OutOrStdout(), e.id, version)
			return nil
		},
	}
	cmd.Flags().StringVar(&e.key, "key", "", "public key file of the station's token")
	cmd.Flags().StringArrayVar(&e.officers, "officer", nil,
		"public key file of an officer's token = roles, by commas; then ;from=DATE ;until=DATE ;vetted=DATE")
	cmd.Flags().StringVar(&e.profile, "profile", "", "profile file (TOML); the built-in Utopian one by default")
	_ = cmd.MarkFlagRequired("key")
	return cmd
}

func (h *headquarters) enrol(ctx context.Context, e enrolment) (int, error) {
	keys, err := h.store()
	if err != nil {
		return 0, err
	}
	defer keys.Close()
	var own publicKey
	if err := readJSON(e.key, &own); err != nil {
		return 0, fmt.Errorf("station key: %w", err)
	}
	root, rootKey, err := h.root(keys)
	if err != nil {
		return 0, err
	}
	c, err := h.appoint(e, own)
	if err != nil {
		return 0, err
	}
	files, err := h.signCharter(keys, rootKey, c, own.SPKI)
	if err != nil {
		return 0, err
	}
	client, err := h.clientCertificate(wire.Issuer{Root: root, Key: rootKey}, e.id, own)
	if err != nil {
		return 0, err
	}
	if err := h.admit(ctx, c, own); err != nil {
		return 0, err
	}
	if err := writeJSON(h.path("stations", e.id, "station.json"), own); err != nil {
		return 0, err
	}
	if err := write(h.path("stations", e.id, "client.der"), client, 0o644); err != nil {
		return 0, err
	}
	return c.Version, files.layOut(h, e.id)
}

// appoint begins a charter, one version above the last: profile and officers.
func (h *headquarters) appoint(e enrolment, own publicKey) (station.Charter, error) {
	c := station.Charter{Version: 1, Station: e.id, StationID: own.KeyID}
	if err := h.nextVersion(&c); err != nil {
		return c, err
	}
	profile := resources.UtopiaProfile
	var err error
	if e.profile != "" {
		if profile, err = os.ReadFile(e.profile); err != nil {
			return c, err
		}
	}
	strict := toml.NewDecoder(bytes.NewReader(profile)).DisallowUnknownFields()
	if err := strict.Decode(&c.Profile); err != nil {
		return c, fmt.Errorf("profile: %w", err)
	}
	for _, spec := range e.officers {
		o, err := officer(spec)
		if err != nil {
			return c, err
		}
		c.Officers = append(c.Officers, o)
	}
	c.Former = slices.DeleteFunc(c.Former, func(f station.Former) bool {
		_, stays := c.Officer(f.KeyID)
		return stays
	})
	appointed := len(c.Officers)
	if err := h.dismiss(&c); err != nil {
		return c, err
	}
	if len(c.Officers) < appointed {
		return c, errRevokedToken
	}
	return c, nil
}

func (h *headquarters) nextVersion(c *station.Charter) error {
	last, err := h.charterOf(c.Station)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if last.StationID != c.StationID {
		return fmt.Errorf("station %s is enrolled with another key", c.Station)
	}
	c.Version, c.Epoch, c.Former, c.Signers = last.Version+1, last.Epoch, last.Former, last.Signers
	for _, o := range last.Officers { // those who go on are appointed again below
		c.Former = append(c.Former, station.Former{KeyID: o.KeyID, SPKI: o.SPKI})
	}
	return nil
}

// errPseudonym: what could be a name would stand in every record, and leave with it.
var errPseudonym = errors.New("an officer is called by a few capitals and a number, as in E-01, and by no name: " +
	"make the public key file with such a --pseudonym")

// properPseudonym refuses what could be a person's name, and does not repeat it.
func properPseudonym(s string) error {
	if station.CheckPseudonym(s) != nil {
		return errPseudonym
	}
	return nil
}

// officer reads FILE=ROLE,ROLE with, for each that is known, ;from=DATE, ;until=DATE and ;vetted=DATE.
func officer(spec string) (station.Officer, error) {
	file, rest, ok := strings.Cut(spec, "=")
	roles, terms, _ := strings.Cut(rest, ";")
	if !ok || roles == "" {
		return station.Officer{}, fmt.Errorf("%w: --officer %s: want FILE=ROLE,ROLE", errUsage, spec)
	}
	var key publicKey
	if err := readJSON(file, &key); err != nil {
		return station.Officer{}, fmt.Errorf("officer's key: %w", err)
	}
	if err := properPseudonym(key.Pseudonym); err != nil {
		return station.Officer{}, fmt.Errorf("--officer %s: %w", file, err)
	}
	o := station.Officer{Pseudonym: key.Pseudonym, KeyID: key.KeyID, SPKI: key.SPKI, HPKE: key.HPKE}
	if err := terming(&o, terms); err != nil {
		return o, fmt.Errorf("%w: --officer %s: %w", errUsage, spec, err)
	}
	for _, r := range strings.Split(roles, ",") {
		role := station.Role(r)
		switch role {
		case station.RoleEnrol, station.RoleApprove, station.RoleOperate, station.RoleInspect,
			station.RoleCustody, station.RoleTechnician, station.RoleSecurity:
			o.Roles = append(o.Roles, role)
		default:
			return o, fmt.Errorf("%w: --officer %s: no role %q", errUsage, spec, r)
		}
	}
	return o, nil
}

func (h *headquarters) clientCertificate(issuer wire.Issuer, id string, own publicKey) ([]byte, error) {
	pub, err := x509.ParsePKIXPublicKey(own.SPKI)
	if err != nil {
		return nil, fmt.Errorf("station key: %w", err)
	}
	key, ok := pub.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("station key: %w", journal.ErrUnknownKey)
	}
	if name, err := journal.KeyID(key); err != nil || name != own.KeyID {
		return nil, fmt.Errorf("station key: %w", journal.ErrUnknownKey)
	}
	c, err := issuer.Client(key, wire.Peer{Name: id, Role: wire.RoleStation}, h.now(), 2*365*24*time.Hour)
	if err != nil {
		return nil, err
	}
	return c.Raw, nil
}

// admit registers the keys with the ledger.
func (h *headquarters) admit(ctx context.Context, c station.Charter, own publicKey) error {
	l, err := h.administer()
	if err != nil {
		return err
	}
	defer l.Close()
	reg := ledger.Station{ID: c.Station, Epoch: c.Hardware(), Key: own.SPKI}
	for _, o := range c.Officers {
		roles := make([]string, len(o.Roles))
		for i, r := range o.Roles {
			roles[i] = string(r)
		}
		reg.Officers = append(reg.Officers, ledger.Officer{Key: o.SPKI, Roles: roles})
	}
	return l.Register(ctx, reg)
}
