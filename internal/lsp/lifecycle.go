package lsp

// The beginning and the end of a connection.

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// commandIndex is the command that indexes a tree: that of the document given as
// its argument, or else all of the workspace.
const commandIndex = "dekho.index"

func (s *Server) initialize(_ context.Context, p *initializeParams) (any, error) {
	settings, err := parseSettings(p.InitializationOptions)
	if err != nil {
		return nil, err
	}
	s.client = p.Capabilities
	s.units = chooseEncoding(p.Capabilities.General.PositionEncodings)
	var folders []string
	for _, f := range p.WorkspaceFolders {
		folders = append(folders, filePath(f.URI))
	}
	if len(folders) == 0 {
		folders = append(folders, filePath(p.RootURI))
	}
	if folders[0] == "" && filepath.IsAbs(p.RootPath) {
		folders[0] = filepath.Clean(p.RootPath)
	}
	s.trees.configure(settings, folders)
	if p.ProcessID > 0 {
		go s.watchParent(p.ProcessID)
	}
	s.mu.Lock()
	s.phase = serving
	s.mu.Unlock()
	return &initializeResult{
		ServerInfo: serverInfo{Name: "dekho", Version: s.opts.Version},
		Capabilities: serverCapabilities{
			PositionEncoding:          s.units,
			TextDocumentSync:          syncOptions{OpenClose: true, Change: 2},
			DefinitionProvider:        true,
			DeclarationProvider:       true,
			TypeDefinitionProvider:    true,
			ImplementationProvider:    true,
			ReferencesProvider:        true,
			DocumentHighlightProvider: true,
			DocumentSymbolProvider:    true,
			WorkspaceSymbolProvider:   true,
			HoverProvider:             true,
			CallHierarchyProvider:     true,
			TypeHierarchyProvider:     true,
			FoldingRangeProvider:      true,
			CompletionProvider:        completionOptions{TriggerCharacters: []string{".", ">", "<", "\"", "/"}, ResolveProvider: true},
			SignatureHelpProvider:     signatureHelpOptions{TriggerCharacters: []string{"(", ","}},
			SemanticTokensProvider: semanticTokensOptions{
				Legend: tokenLegend, Range: true, Full: semanticTokensFull{Delta: true},
			},
			ExecuteCommandProvider: executeCommandOptions{Commands: []string{commandIndex}},
			Workspace:              workspaceCapabilities{workspaceFoldersOptions{Supported: true, ChangeNotifications: true}},
		},
	}, nil
}

// watched are the files whose changes matter.
var watched = []string{"**/*.{c,h,S,s,cc,cpp,hpp,cxx,hh,dts,dtsi,dtso,y,l}", "**/{Kconfig,Makefile,Kbuild}*"}

func (s *Server) initialized(context.Context, *struct{}) error {
	if s.client.Workspace.DidChangeWatchedFiles.DynamicRegistration {
		var list []watcher
		for _, glob := range watched {
			list = append(list, watcher{glob})
		}
		s.call("client/registerCapability", &registrationParams{[]registration{
			{ID: "watch", Method: "workspace/didChangeWatchedFiles", RegisterOptions: &watchOptions{list}},
		}})
	}
	s.trees.welcome()
	return nil
}

func (s *Server) shutdown(context.Context, *json.RawMessage) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = shutDown
	for _, stop := range s.running {
		stop()
	}
	return nil, nil // the protocol wants null
}

func (s *Server) exit(context.Context, *json.RawMessage) error {
	s.end(errExit)
	return nil
}

// parentInterval is how often it is looked whether the editor is still there: a
// pipe that a forgotten child keeps open does not tell.
const parentInterval = 5 * time.Second

// watchParent ends the server when the process that started it is gone.
func (s *Server) watchParent(pid int) {
	tick := time.NewTicker(parentInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
		}
		if !alive(pid) {
			s.log.Printf("process %d, the editor, is gone", pid)
			s.end(errExit)
			return
		}
	}
}

// alive reports whether a process exists, whoever it belongs to.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}
