package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"dekho/internal/render"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		GroupID: groupOther,
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			v := version()
			if a.global.json {
				return render.VersionJSON(a.out, &v)
			}
			return render.VersionText(a.out, &v)
		},
	}
}

// version is that of this program.
func version() render.Version {
	v := render.Version{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Version = info.Main.Version
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Revision = s.Value
			case "vcs.time":
				v.Time = s.Value
			case "vcs.modified":
				v.Modified = s.Value == "true"
			}
		}
	}
	return v
}
