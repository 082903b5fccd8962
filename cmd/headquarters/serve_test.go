package main_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/hq/client"
	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/ledger/cluster"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
	"padarozhnik/station/token"
)

// office is a headquarters whose ledger lives on one of the two databases, with two stations.
type office struct {
	seat
	place    string
	verifier note.Verifier
	stations []*stationSide
}

// stationSide pushes a chain of its own.
type stationSide struct {
	name string
	key  *ecdsa.PrivateKey
	last *journal.Signed
	seen journal.Checkpoint
	acks []journal.Hash
}

func newOffice(t *testing.T, database string) *office {
	t.Helper()
	top := t.TempDir()
	phrase := filepath.Join(top, "passphrase")
	if err := os.WriteFile(phrase, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := &office{seat: seat{dir: filepath.Join(top, "hq"), flags: []string{"--passphrase-file", phrase}}}
	o.place = filepath.Join(o.dir, "ledger")
	if database != "" {
		o.place, o.flags = database, append(o.flags, "--database", database)
	}
	o.must(t, "init")
	public := strings.TrimSpace(string(o.public(t, "ledger.pub")))
	var err error
	if o.verifier, err = note.NewVerifier(public); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"UTO-01", "UTO-02"} {
		o.stations = append(o.stations, o.enrol(t, name))
	}
	o.quicken(t)
	return o
}

// quicken puts the server's keys under a passphrase that is derived without effort, because the servers
// of these tests start again and again: the same checkpoint key, and a new key for TLS.
func (o *office) quicken(t *testing.T) {
	t.Helper()
	path := filepath.Join(o.dir, "ledger", "keys.token")
	slow, err := token.OpenKeyring(path, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, checkpointErr := slow.Secret("checkpoint")
	vault, vaultErr := token.OpenKeyring(filepath.Join(o.dir, "vault", "keys.token"), []byte(secret))
	if err := errors.Join(checkpointErr, vaultErr, os.Remove(path)); err != nil {
		t.Fatal(err)
	}
	root, certErr := x509.ParseCertificate(o.public(t, "root.der"))
	key, keyErr := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(certErr, keyErr); err != nil {
		t.Fatal(err)
	}
	var rootKey *token.Key
	for _, name := range vault.Names() {
		k, err := vault.Signer(name)
		if err == nil && root.PublicKey.(*ecdsa.PublicKey).Equal(k.Public()) {
			rootKey = k
		}
	}
	if rootKey == nil {
		t.Fatal("the root's key is not in the vault's key file")
	}
	cert, err := wire.Issuer{Root: root, Key: rootKey}.Server(&key.PublicKey, []string{"127.0.0.1"}, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	quick, err := token.CreateKeyring(path, []byte(secret), token.Options{Passes: 1, MemoryKiB: 64})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(quick.AddSecret("checkpoint", checkpoint), quick.Add("server", key),
		os.WriteFile(filepath.Join(o.dir, "ledger", "server.der"), cert.Raw, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	slow.Close()
	vault.Close()
	quick.Close()
}

func (o *office) enrol(t *testing.T, name string) *stationSide {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, idErr := journal.KeyID(&key.PublicKey)
	spki, spkiErr := x509.MarshalPKIXPublicKey(&key.PublicKey)
	file, fileErr := json.Marshal(map[string]any{"pseudonym": name, "keyId": id, "spki": spki, "hpke": []byte{0}})
	path := filepath.Join(filepath.Dir(o.dir), name+".json")
	if err := errors.Join(idErr, spkiErr, fileErr, os.WriteFile(path, file, 0o600)); err != nil {
		t.Fatal(err)
	}
	o.must(t, "station", "enrol", name, "--key", path)
	return &stationSide{name: name, key: key}
}

// serve starts a real server and returns its address.
func (o *office) serve(t *testing.T) (*exec.Cmd, string) {
	t.Helper()
	cmd := o.command(t, "serve", "--listen", "127.0.0.1:0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
			return cmd, url
		}
	}
	t.Fatal("server does not listen")
	return nil, ""
}

func (o *office) client(t *testing.T, s *stationSide, url string) *client.Client {
	root, rootErr := x509.ParseCertificate(o.public(t, "root.der"))
	der, err := os.ReadFile(filepath.Join(o.dir, "stations", s.name, "client.der"))
	if err = errors.Join(err, rootErr); err != nil {
		t.Error(err)
		return nil
	}
	own, err := x509.ParseCertificate(der)
	if err != nil {
		t.Error(err)
		return nil
	}
	c, err := client.New(client.Options{BaseURL: url, Certificate: wire.Pair(own, s.key), Root: root,
		Ledger: o.verifier, Timeout: 20 * time.Second})
	if err != nil {
		t.Error(err)
	}
	return c
}

// next signs the entries of one push; every fourth push has a sealed case with it.
func (s *stationSide) next(round int) (list []journal.Signed, blob []byte, err error) {
	for i := range 3 {
		e := journal.Entry{Chain: s.name, Epoch: 1, Sequence: 1, Kind: "blank.counted"}
		if s.last != nil {
			e.Sequence, e.Previous = s.last.Entry.Sequence+1, s.last.ID()
		}
		if i == 0 && round%4 == 0 {
			blob = bytes.Repeat([]byte(fmt.Sprint(s.name, round)), 60_000)
			e.Kind, e.Blob = "case.submitted", &journal.Blob{Digest: sha256.Sum256(blob), Size: int64(len(blob))}
		}
		signed, err := journal.Sign(e, s.key)
		if err != nil {
			return nil, nil, err
		}
		list, s.last = append(list, signed), &signed
	}
	return list, blob, nil
}

// replicas are the servers that run now. One is killed at a time.
type replicas struct {
	mu   sync.Mutex
	cmds []*exec.Cmd
	urls []string
}

func (r *replicas) url(n int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.urls[n%len(r.urls)]
}

// push goes on until stop is closed. What a replica does not answer is pushed to the other.
func (s *stationSide) push(t *testing.T, o *office, r *replicas, stop chan struct{}) {
	clients := map[string]*client.Client{}
	for round, turn := 0, 0; ; round++ {
		list, blob, err := s.next(round)
		if err != nil {
			t.Error(err)
			return
		}
		for acknowledged := false; !acknowledged; turn++ {
			select {
			case <-stop:
				return
			default:
			}
			url := r.url(turn)
			if clients[url] == nil {
				if clients[url] = o.client(t, s, url); clients[url] == nil {
					return
				}
			}
			err := s.once(clients[url], list, blob)
			switch {
			case err == nil:
				acknowledged = true
			case errors.Is(err, journal.ErrUnreachable), errors.Is(err, wire.TooFast):
				time.Sleep(5 * time.Millisecond)
			default:
				t.Errorf("%s: %v", s.name, err)
				return
			}
		}
	}
}

func (s *stationSide) once(c *client.Client, list []journal.Signed, blob []byte) error {
	ctx := context.Background()
	if blob != nil {
		if err := c.PutBlob(ctx, *list[0].Entry.Blob, blob); err != nil {
			return err
		}
	}
	_, now, err := c.Push(ctx, s.seen, list)
	if err != nil {
		return err
	}
	s.seen = now
	for _, e := range list {
		s.acks = append(s.acks, e.ID())
	}
	return nil
}

// TestKilledServers kills one of two real servers, again and again, while two stations push through
// both. Whatever was acknowledged must stand in the one tree, once, and every next answer must contain
// all that was seen before, which the clients verify.
func TestKilledServers(t *testing.T) {
	kills := 10
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		kills = 250
	}
	t.Run("SQLite", func(t *testing.T) { killServers(t, "", kills) })
	t.Run("PostgreSQL", func(t *testing.T) { killServers(t, cluster.Database(t), kills) })
}

func killServers(t *testing.T, database string, kills int) {
	o := newOffice(t, database)
	r := &replicas{}
	for range 2 {
		cmd, url := o.serve(t)
		r.cmds, r.urls = append(r.cmds, cmd), append(r.urls, url)
	}
	stop := make(chan struct{})
	var pushing sync.WaitGroup
	for _, s := range o.stations {
		pushing.Go(func() { s.push(t, o, r, stop) })
	}
	for k := range kills {
		time.Sleep(time.Duration(mathrand.IntN(80)) * time.Millisecond)
		n := k % 2
		_ = r.cmds[n].Process.Kill()
		_ = r.cmds[n].Wait()
		cmd, url := o.serve(t)
		r.mu.Lock()
		r.cmds[n], r.urls[n] = cmd, url
		r.mu.Unlock()
	}
	close(stop)
	pushing.Wait()
	for _, cmd := range r.cmds {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	o.account(t)
	if out := o.must(t, "audit"); !strings.Contains(out, "the ledger holds: ") {
		t.Error(out)
	}
}

// account looks for everything that was acknowledged.
func (o *office) account(t *testing.T) {
	t.Helper()
	l, err := ledger.Open(o.place, ledger.Options{Verifier: o.verifier})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	found := map[journal.Hash]int{}
	vault := wire.Peer{Name: "vault", Role: wire.RoleVault}
	for after, more := int64(0), true; more; {
		a, err := l.Pull(context.Background(), vault, after, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range a.Items {
			s, err := journal.Parse(item.Entry)
			if err != nil {
				t.Fatal(err)
			}
			found[s.ID()]++
		}
		after, more = a.Next, a.More
	}
	acknowledged := 0
	for _, s := range o.stations {
		acknowledged += len(s.acks)
		for _, id := range s.acks {
			if found[id] != 1 {
				t.Errorf("acknowledged entry %s stands %d times", id, found[id])
			}
		}
	}
	if acknowledged == 0 {
		t.Error("nothing was acknowledged")
	}
	t.Logf("%d entries acknowledged, %d stored", acknowledged, len(found))
}

// TestBackupAndRestore is the drill on the command line, from SQLite to PostgreSQL and back.
func TestBackupAndRestore(t *testing.T) {
	o := newOffice(t, "")
	cmd, url := o.serve(t)
	s := o.stations[0]
	list, blob, err := s.next(0)
	if err != nil {
		t.Fatal(err)
	}
	c := o.client(t, s, url)
	if err := s.once(c, list, blob); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "backup")
	if out := o.must(t, "backup", dir); !strings.Contains(out, "safe in "+dir+": 3 entries") {
		t.Error(out)
	}
	now, err := c.Checkpoint(t.Context(), s.seen)
	if err != nil || !now.Durable.Covers(2) || now.Durable.Covers(3) {
		t.Errorf("durable %d, %v", now.Durable.Size, err)
	}
	if err := errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait()); err != nil {
		t.Errorf("server's end: %v", err)
	}
	holds := "the ledger holds: 3 entries in 1 chains"
	if out := o.must(t, "audit", "--backup", dir); !strings.Contains(out, holds) {
		t.Error(out)
	}
	o.refused(t, 1, "a ledger is there already", "restore", dir)
	at := o.flags
	o.flags = append(at, "--database", cluster.Database(t))
	for _, step := range [][]string{{"restore", dir}, {"audit"}} {
		if out := o.must(t, step...); !strings.Contains(out, holds) {
			t.Errorf("%v: %s", step, out)
		}
	}
	moved := filepath.Join(t.TempDir(), "moved")
	o.must(t, "backup", moved)
	o.flags = at
	for _, name := range []string{"ledger.db", "ledger.db-wal", "ledger.db-shm"} {
		_ = os.Remove(filepath.Join(o.dir, "ledger", name))
	}
	if out := o.must(t, "restore", moved); !strings.Contains(out, holds) {
		t.Error(out)
	}
	_, url = o.serve(t)
	if now, err = o.client(t, s, url).Checkpoint(t.Context(), s.seen); err != nil || !now.Durable.Covers(2) {
		t.Errorf("after two restores: durable %d, %v", now.Durable.Size, err)
	}
	o.refused(t, 1, "want postgres://", "audit", "--database", "mysql://x")
}
