package issuance_test

import "golang.org/x/sys/unix"

// legacyCalls are the calls that newer architectures do without.
var legacyCalls = []uint32{unix.SYS_OPEN, unix.SYS_CREAT, unix.SYS_UNLINK, unix.SYS_RENAME}

// legacyCall tells what a call with a path as its first argument does; deedSaid where it is none.
func legacyCall(nr uint32) deedKind {
	switch nr {
	case unix.SYS_OPEN, unix.SYS_CREAT:
		return deedMake
	case unix.SYS_UNLINK:
		return deedRemove
	}
	return deedSaid
}
