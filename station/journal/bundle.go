package journal

import "errors"

// Conditions of bundles, the files by which a station and headquarters exchange the messages of
// the wire on a stick.
var (
	// ErrForeignFile: the file is no bundle. It is passed over, and named.
	ErrForeignFile = errors.New("not a bundle")
	// ErrIncomplete: the file ends before the bundle does, as after a copy that was cut off.
	ErrIncomplete = errors.New("bundle is not whole")
	// ErrDamaged: bytes were changed since the bundle was made.
	ErrDamaged = errors.New("bundle is damaged")
	// ErrNotForUs: the bundle is sealed to somebody else, or speaks of another station.
	ErrNotForUs = errors.New("bundle is for somebody else")
	// ErrNotJoined: the bundle starts from another state than the reader's. A new exchange that
	// begins with an export of the station cures it.
	ErrNotJoined = errors.New("bundle does not join what is known here")
	// ErrFileExists: a bundle is never written over another file.
	ErrFileExists = errors.New("file exists")
)
