package mcp

// Tools about what is built: kconfig, dt, initcalls.

import (
	"bytes"
	"context"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

type kconfigArgs struct {
	Symbol string `json:"symbol" jsonschema:"a symbol of the configuration, with or without CONFIG_"`
	treeArgs
	pageArg
}

type dtArgs struct {
	What string `json:"what" jsonschema:"a compatible string (fsl,imx7d-gpc), a node or label, a board (imx7d-sdb, or its .dts), a C source, or CONFIG_X"`
	lensArgs
	pageArg
}

type initcallsArgs struct {
	Pattern string `json:"pattern,omitempty" jsonschema:"a regular expression over functions and path:line; all are listed without it"`
	lensArgs
	listArgs
}

func (s *server) addConfig(srv *mcp.Server) {
	addTree(s, srv, tool{name: "kconfig", title: "Kconfig symbol", description: "All about a symbol of the kernel's configuration: type, prompt, menus, dependencies, what selects it, what it builds, which defconfigs set it."}, kconfig)
	addTree(s, srv, tool{name: "dt", title: "Device trees and drivers", description: "From a device tree to the driver and back: of a compatible string the driver, probe function, Kconfig symbol, binding and boards; of a board all devices with their drivers."}, deviceTree)
	addTree(s, srv, tool{name: "initcalls", title: "Order of the boot", description: "The functions that a kernel calls while it boots, in order. Which there are depends on the configuration: give config, or at least arch."}, initcalls)
}

func kconfig(ctx context.Context, t *workbench.Tree, in *kconfigArgs, w *window) (*answer, error) {
	res, err := t.Config(ctx, in.Symbol)
	if err != nil {
		return nil, err
	}
	if len(res.Definitions)+len(res.SelectedBy)+len(res.Builds)+len(res.Settings) == 0 {
		return nil, nothing(in.Symbol, res.Nearest)
	}
	text, js, err := both(func(b *bytes.Buffer) error { return render.ConfigText(b, render.Style{}, res) },
		func(b *bytes.Buffer) error { return render.ConfigJSON(b, res) })
	if err != nil {
		return nil, err
	}
	return w.document(text, js)
}

func deviceTree(ctx context.Context, t *workbench.Tree, in *dtArgs, w *window) (*answer, error) {
	res, err := t.DeviceTree(ctx, in.What)
	if err != nil {
		return nil, err
	}
	if res.Kind == "" {
		return nil, nothing(in.What, res.Nearest)
	}
	if res.Board == nil && len(res.Devices) == 0 {
		w.note("%s handles no compatible string", in.What)
	}
	text, js, err := both(func(b *bytes.Buffer) error { return render.DeviceTreeText(b, render.Style{}, res) },
		func(b *bytes.Buffer) error { return render.DeviceTreeJSON(b, res) })
	if err != nil {
		return nil, err
	}
	return w.document(text, js)
}

func initcalls(_ context.Context, t *workbench.Tree, in *initcallsArgs, w *window) (*answer, error) {
	res, err := t.Initcalls(in.Pattern)
	if err != nil {
		return nil, err
	}
	if res.Assumed != "" {
		w.note("neither config nor arch is given: this is %s, with all that may be built", res.Assumed)
	}
	if res.Modules > 0 {
		w.note("those of modules are left out (%d): they run when the module is loaded", res.Modules)
	}
	w.empty(len(res.Calls), "no initcall matches")
	return w.list(len(res.Calls), func(from, to int) ([]byte, []byte, error) {
		part := *res
		part.Calls = res.Calls[from:to]
		return both(func(b *bytes.Buffer) error { return render.InitcallsText(b, render.Style{}, &part) },
			func(b *bytes.Buffer) error { return render.InitcallsJSON(b, in.Pattern, &part) })
	})
}
