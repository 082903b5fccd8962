//go:build !race

package ocr_test

// share is the part of the pages that are read: all of them.
const share = 1
