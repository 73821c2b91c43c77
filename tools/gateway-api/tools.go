//go:build tools

// Package tools names the module whose files this module pins.
package tools

import (
	_ "sigs.k8s.io/gateway-api/apis/v1"
)
