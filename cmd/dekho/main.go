// Command dekho takes a Linux engineer from a symptom to the source line
// behind it. See package cli.
package main

import (
	"os"

	"dekho/internal/cli"
)

func main() {
	os.Exit(cli.Main(cli.Args(os.Args), cli.Process()))
}
