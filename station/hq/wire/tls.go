package wire

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"time"
)

// Role is what the owner of a client certificate is.
type Role string

// Roles of clients.
const (
	RoleStation Role = "station"
	RoleVault   Role = "vault"
)

// Peer is who stands at the other end of a connection.
type Peer struct {
	Name string // station's id, or the vault's name
	Role Role
}

// ErrCertificate is returned for a certificate that does not name a peer of ours.
var ErrCertificate = errors.New("not a certificate of this ledger")

// A certificate is valid from a day before it is made, because clocks of small offices drift.
const backdate = 24 * time.Hour

// NewRoot makes the self-signed certificate of headquarters' root for TLS. It is the only thing
// that either side trusts.
func NewRoot(key crypto.Signer, name string, now time.Time, life time.Duration) (*x509.Certificate, error) {
	t := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(life),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	return issue(t, t, key.Public(), key)
}

// Issuer makes certificates under headquarters' root.
type Issuer struct {
	Root *x509.Certificate
	Key  crypto.Signer
}

// Server makes the ledger's certificate for the host names and addresses under which it is
// reached.
func (i Issuer) Server(
	pub crypto.PublicKey, hosts []string, now time.Time, life time.Duration,
) (*x509.Certificate, error) {
	if len(hosts) == 0 {
		return nil, fmt.Errorf("issue server certificate: no host")
	}
	t := leaf("ledger", now, life, x509.ExtKeyUsageServerAuth)
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
			continue
		}
		t.DNSNames = append(t.DNSNames, h)
	}
	return issue(t, i.Root, pub, i.Key)
}

// Client makes the certificate of a station or a vault. The common name is the owner of the
// chains, the organizational unit its role.
func (i Issuer) Client(pub crypto.PublicKey, p Peer, now time.Time, life time.Duration) (*x509.Certificate, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("issue client certificate: %w", err)
	}
	t := leaf(p.Name, now, life, x509.ExtKeyUsageClientAuth)
	t.Subject.OrganizationalUnit = []string{string(p.Role)}
	return issue(t, i.Root, pub, i.Key)
}

// PeerOf reads who a verified client certificate belongs to.
func PeerOf(c *x509.Certificate) (Peer, error) {
	if len(c.Subject.OrganizationalUnit) != 1 {
		return Peer{}, ErrCertificate
	}
	p := Peer{Name: c.Subject.CommonName, Role: Role(c.Subject.OrganizationalUnit[0])}
	return p, p.check()
}

func (p Peer) check() error {
	if p.Role != RoleStation && p.Role != RoleVault || p.Name == "" || len(p.Name) > 64 {
		return ErrCertificate
	}
	return nil
}

func leaf(name string, now time.Time, life time.Duration, usage x509.ExtKeyUsage) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(life),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{usage},
		BasicConstraintsValid: true,
	}
}

func issue(t, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, pub, key)
	if err != nil {
		return nil, fmt.Errorf("issue certificate of %s: %w", t.Subject.CommonName, err)
	}
	return x509.ParseCertificate(der)
}

// Pair joins a certificate with its key for a connection.
func Pair(c *x509.Certificate, key crypto.Signer) tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{c.Raw}, PrivateKey: key, Leaf: c}
}

// ServerTLS is the ledger's side: TLS 1.3, and no caller without a certificate under root. now is
// the clock that certificates are judged by.
func ServerTLS(own tls.Certificate, root *x509.Certificate, now func() time.Time) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{own},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    poolOf(root),
		Time:         now,
		NextProtos:   []string{"http/1.1"},
	}
}

// ClientTLS is the side of a station or a vault that reaches the ledger as host: TLS 1.3, and no
// server but one under root; what the operating system trusts does not count. now is a time that has
// certainly passed. A certificate has expired where that lies behind its end; it is never too early
// for one, because the clock of a small office stands wrong more often than headquarters sends
// certificates of the future.
func ClientTLS(own tls.Certificate, root *x509.Certificate, host string, now func() time.Time) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		Certificates:       []tls.Certificate{own},
		ServerName:         host,
		NextProtos:         []string{"http/1.1"},
		InsecureSkipVerify: true, // VerifyConnection does all of it, by our clock
		VerifyConnection: func(s tls.ConnectionState) error {
			return verifyServer(s.PeerCertificates, root, host, now())
		},
	}
}

func verifyServer(sent []*x509.Certificate, root *x509.Certificate, host string, now time.Time) error {
	if len(sent) == 0 || host == "" {
		return &tls.CertificateVerificationError{Err: ErrCertificate}
	}
	leaf := sent[0]
	if now.Before(leaf.NotBefore) {
		now = leaf.NotBefore
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		DNSName: host, Roots: poolOf(root), CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: sent, Err: err}
	}
	return nil
}

func poolOf(root *x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(root)
	return pool
}
