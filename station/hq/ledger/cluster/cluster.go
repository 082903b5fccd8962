// Package cluster starts a private PostgreSQL for tests: a cluster of its own in a temporary
// directory, reached by a Unix socket in it alone, started at the first need and gone with the test
// binary. The system's clusters are never touched.
//
// PostgreSQL refuses to run as root, so under root it runs as the user postgres that Debian's package
// makes.
package cluster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

const cure = "run make deps, which installs Debian's postgresql"

// Server is a running PostgreSQL.
type Server struct {
	dir      string
	process  *exec.Cmd
	ended    chan struct{}
	database atomic.Int64
	admin    *sql.DB
}

var (
	once   sync.Once
	shared *Server
	failed error
)

// Main is for TestMain: it runs the tests and then stops the server, if one was started.
func Main(m *testing.M) int {
	code := m.Run()
	if shared != nil {
		shared.stop()
	}
	return code
}

// Database makes an empty database on the server of this test binary and returns its address.
func Database(t testing.TB) string {
	t.Helper()
	once.Do(func() { shared, failed = start() })
	if failed != nil {
		t.Fatalf("private PostgreSQL: %v; %s", failed, cure)
	}
	name := "t" + strconv.FormatInt(shared.database.Add(1), 10)
	if _, err := shared.admin.ExecContext(context.Background(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("private PostgreSQL: %v", err)
	}
	return shared.Address(name)
}

// LimitFiles bounds the files that sessions which begin from now on can write, until the returned
// function is called or the test ends. To PostgreSQL a file that cannot grow is a full disk, where the
// bound lies within a page of it.
func LimitFiles(t testing.TB, bytes uint64) (lift func()) {
	t.Helper()
	set := func(soft string) {
		run, err := credential()
		if err != nil {
			t.Fatal(err)
		}
		// By a program, because only the user that the server runs as may.
		cmd := exec.Command("prlimit", "--pid", strconv.Itoa(shared.process.Process.Pid), "--fsize="+soft+":unlimited")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: run}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("private PostgreSQL: prlimit (of util-linux): %v: %s", err, out)
		}
	}
	lift = func() { set("unlimited") }
	t.Cleanup(lift)
	set(strconv.FormatUint(bytes/pageSize*pageSize+pageSize/2, 10))
	return lift
}

// pageSize of PostgreSQL's files.
const pageSize = 8 << 10

// Address is that of a database of the server.
func (s *Server) Address(name string) string {
	q := url.Values{"host": {s.dir}, "user": {"postgres"}}
	return "postgres:///" + name + "?" + q.Encode()
}

func start() (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	run, err := credential()
	if err != nil {
		return nil, err
	}
	// Short, because a socket's path has at most 107 bytes, and not below a test's own directory,
	// which only its owner may enter.
	dir, err := os.MkdirTemp("", "pgz")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, ended: make(chan struct{})}
	if run != nil {
		if err := os.Chown(dir, int(run.Uid), int(run.Gid)); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
		"--locale=C.UTF-8", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, &syscall.SysProcAttr{Credential: run}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w: %s", err, out), os.RemoveAll(dir))
	}
	s.process = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=",
		"-c", "max_connections=120", "-c", "log_min_messages=fatal")
	// SIGINT ends PostgreSQL without waiting for its clients.
	s.process.Dir, s.process.SysProcAttr = dir, &syscall.SysProcAttr{Credential: run, Pdeathsig: syscall.SIGINT}
	if err := s.launch(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.await(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// launch starts the server on a thread that lives as long as it: the signal that ends an orphan comes
// when the thread that started it is gone.
func (s *Server) launch() error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer close(s.ended)
		err := s.process.Start()
		started <- err
		if err == nil {
			_ = s.process.Wait()
		}
	}()
	return <-started
}

func (s *Server) await() error {
	db, err := sql.Open("pgx", s.Address("postgres"))
	if err != nil {
		return err
	}
	s.admin = db
	for end := time.Now().Add(60 * time.Second); ; {
		err := db.Ping()
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("ended at once: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			return err
		}
	}
}

func (s *Server) stop() {
	if s.admin != nil {
		_ = s.admin.Close()
	}
	_ = s.process.Process.Signal(syscall.SIGINT)
	<-s.ended
	_ = os.RemoveAll(s.dir)
}

// binaries finds the newest PostgreSQL of Debian, whose programs are not in the PATH.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	best, newest := "", 0
	for _, path := range found {
		dir := filepath.Dir(path)
		if n, err := strconv.Atoi(filepath.Base(filepath.Dir(dir))); err == nil && n > newest {
			best, newest = dir, n
		}
	}
	if best == "" {
		return "", errors.New("no PostgreSQL in /usr/lib/postgresql")
	}
	return best, nil
}

// credential is whom PostgreSQL runs as, nil for ourselves.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(uidErr, gidErr)
}
