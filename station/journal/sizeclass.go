package journal

import "math/bits"

// minClass is the smallest size class, in bytes.
const minClass = 4 << 10

// SizeClass is the size that n bytes are padded to before they travel, so that a size tells its
// class alone: 4 KiB, and from there four steps to each doubling. At most a quarter is padding
// above 4 KiB.
func SizeClass(n int) int {
	if n <= minClass {
		return minClass
	}
	step := 1 << (bits.Len(uint(n-1)) - 3) // a quarter of the power of two below
	return (n + step - 1) &^ (step - 1)
}
