//go:build !race

package inspection_test

const racing = false
