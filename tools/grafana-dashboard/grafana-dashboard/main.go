// Reads dashboards, by the path of each, and says what Grafana's schema does not allow in them.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	wrong := false
	for _, path := range os.Args[1:] {
		raw, err := os.ReadFile(path)
		found := dashboard.Dashboard{}
		if err == nil {
			err = found.UnmarshalJSONStrict(raw)
		}
		// Where nothing is wrong it returns an empty list of errors.
		if err == nil || err.Error() == "" {
			err = found.Validate()
		}
		if err != nil && err.Error() != "" {
			wrong = true
			fmt.Printf("%s: %s\n", path, err)
		}
	}
	if wrong {
		os.Exit(1)
	}
}
