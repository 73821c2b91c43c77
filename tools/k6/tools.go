//go:build tools

// Package tools names the programs that this module pins.
package tools

import (
	_ "go.k6.io/k6"
)
