//go:build race

package ocr_test

// share is the part of the pages that are read: the race detector makes reading ten times slower.
const share = 8
