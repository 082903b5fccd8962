package bundle

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
)

// Letter says where a bundle goes and whose it is.
type Letter struct {
	Direction Direction
	Recipient hpke.PublicKey
	Signer    crypto.Signer // P-256
	Hello     Hello
}

// Writer makes one bundle. It is used by one goroutine and ended by Commit or Abort; before Commit
// has returned nil there is no file of the final name.
type Writer struct {
	letter Letter
	path   string
	file   *os.File
	aead   cipher.AEAD
	head   []byte
	chunk  []byte // plaintext that is not sealed yet
	count  int64  // of chunks written
	size   int64  // of plaintext
	sum    hash.Hash
	parts  int
}

// Create begins a bundle that will stand at path. It returns journal.ErrFileExists where something
// does already.
func Create(path string, l Letter) (*Writer, error) {
	w, err := create(path, l)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", filepath.Base(path), err)
	}
	return w, nil
}

func create(path string, l Letter) (*Writer, error) {
	if err := l.Hello.check(); err != nil {
		return nil, err
	}
	if _, err := os.Lstat(path); err == nil {
		return nil, journal.ErrFileExists
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key := make([]byte, 32)
	defer clear(key)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	plain, err := wire.Encode(contentKey{key})
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	sealed, _, err := seal.Seal(l.Recipient, l.Direction.purpose(), plain)
	if err != nil {
		return nil, err
	}
	w := &Writer{letter: l, path: path, aead: aead, head: headOf(l.Direction, sealed), sum: sha256.New(),
		chunk: make([]byte, 0, chunkSize)}
	if w.file, err = os.CreateTemp(filepath.Dir(path), ".new-*"); err != nil {
		return nil, err
	}
	hello, err := wire.Encode(l.Hello)
	if err == nil {
		_, err = w.file.Write(append(w.head[:headSize:headSize], sealed...))
	}
	if err == nil {
		err = w.part(kindHello, hello)
	}
	if err != nil {
		w.Abort()
		return nil, err
	}
	return w, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Add appends one part.
func (w *Writer) Add(k Kind, body []byte) error {
	if limit, ok := w.letter.Direction.allowed(k); !ok || int64(len(body)) > limit || len(body) == 0 {
		return fmt.Errorf("bundle: part of kind %d, %d bytes: %w", k, len(body), journal.ErrTooLarge)
	}
	return w.part(k, body)
}

func (w *Writer) part(k Kind, body []byte) error {
	if w.parts++; w.parts > MaxParts {
		return fmt.Errorf("bundle: %d parts: %w", w.parts, journal.ErrTooLarge)
	}
	digest := sha256.Sum256(body)
	head := append(binary.BigEndian.AppendUint32([]byte{byte(k)}, uint32(len(body))), digest[:]...)
	if err := w.write(head); err != nil {
		return err
	}
	return w.write(body)
}

// write seals every full chunk behind which more plaintext comes.
func (w *Writer) write(b []byte) error {
	w.sum.Write(b)
	w.size += int64(len(b))
	for len(b) > 0 {
		if len(w.chunk) == chunkSize {
			if err := w.flush(false); err != nil {
				return err
			}
		}
		n := min(len(b), chunkSize-len(w.chunk))
		w.chunk, b = append(w.chunk, b[:n]...), b[n:]
	}
	return nil
}

func (w *Writer) flush(last bool) error {
	_, err := w.file.Write(w.aead.Seal(nil, nonce(w.count, last), w.chunk, w.head))
	w.count++
	w.chunk = w.chunk[:0]
	return err
}

// Commit signs the bundle, pads it, brings it to the disk and gives it its name.
func (w *Writer) Commit() error {
	err := w.seal()
	if err == nil {
		err = errors.Join(w.file.Sync(), w.file.Close())
	}
	if err == nil {
		err = rename(w.file.Name(), w.path)
	}
	if err != nil {
		w.Abort()
		return fmt.Errorf("bundle %s: %w", filepath.Base(w.path), err)
	}
	return syncDir(filepath.Dir(w.path))
}

func (w *Writer) seal() error {
	digest := signed(w.letter.Direction, w.letter.Recipient.Bytes(), [sha256.Size]byte(w.sum.Sum(nil)))
	sig, err := w.letter.Signer.Sign(rand.Reader, digest, crypto.SHA256)
	if err != nil {
		return err
	}
	body, err := wire.Encode(signature{sig, w.parts})
	if err != nil {
		return err
	}
	if err := w.part(kindSignature, body); err != nil {
		return err
	}
	class := (int64(journal.SizeClass(int(w.size))) + chunkSize - 1) / chunkSize * chunkSize
	zeros := make([]byte, chunkSize)
	for w.size < class {
		if err := w.write(zeros[:min(chunkSize, class-w.size)]); err != nil {
			return err
		}
	}
	return w.flush(true)
}

// Abort removes what was written. After Commit it does nothing.
func (w *Writer) Abort() {
	_ = w.file.Close()
	_ = os.Remove(w.file.Name())
}

// rename never replaces. File systems that cannot promise it are asked before.
func rename(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	switch {
	case errors.Is(err, unix.EEXIST):
		return journal.ErrFileExists
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
		if _, err := os.Lstat(to); err == nil {
			return journal.ErrFileExists
		}
		return os.Rename(from, to)
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
