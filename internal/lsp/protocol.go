package lsp

// The types of the Language Server Protocol, version 3.17, as far as they are
// used here: https://microsoft.github.io/language-server-protocol/. Names and
// meanings are those of the specification.

import "encoding/json"

// Error codes of the protocol beside those of JSON-RPC.
const (
	codeServerNotInitialized = -32002
	codeRequestFailed        = -32803
	codeContentModified      = -32801
	codeRequestCancelled     = -32800
)

// Position is a place in a document, from 0.
type Position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

// Range is what lies between two positions; its end is exclusive.
type Range struct {
	Start Position `json:"start"`
	End   Position `json:"end"`
}

// Location is a range of a file.
type Location struct {
	URI   string `json:"uri"`
	Range Range  `json:"range"`
}

type textDocument struct {
	URI     string `json:"uri"`
	Version int    `json:"version"`
	Text    string `json:"text"`
}

// documentID names a document. doc is what it was when the request came, nil if
// it is not open.
type documentID struct {
	URI string `json:"uri"`
	doc *document
}

// about is what requests about a document have in common.
type about interface{ document() *documentID }

func (p *documentParams) document() *documentID            { return &p.TextDocument }
func (p *positionParams) document() *documentID            { return &p.TextDocument }
func (p *rangeParams) document() *documentID               { return &p.TextDocument }
func (p *semanticTokensDeltaParams) document() *documentID { return &p.TextDocument }

type initializeParams struct {
	ProcessID             int                `json:"processId"`
	RootURI               string             `json:"rootUri"`
	RootPath              string             `json:"rootPath"`
	WorkspaceFolders      []workspaceFolder  `json:"workspaceFolders"`
	InitializationOptions json.RawMessage    `json:"initializationOptions"`
	Capabilities          clientCapabilities `json:"capabilities"`
}

type workspaceFolder struct {
	URI string `json:"uri"`
}

type supported struct {
	DynamicRegistration bool `json:"dynamicRegistration"`
	RefreshSupport      bool `json:"refreshSupport"`
}

type clientCapabilities struct {
	General struct {
		PositionEncodings []encoding `json:"positionEncodings"`
	} `json:"general"`
	Window struct {
		WorkDoneProgress bool `json:"workDoneProgress"`
	} `json:"window"`
	Workspace struct {
		DidChangeWatchedFiles supported `json:"didChangeWatchedFiles"`
		SemanticTokens        supported `json:"semanticTokens"`
	} `json:"workspace"`
	TextDocument struct {
		DocumentSymbol struct {
			Hierarchical bool `json:"hierarchicalDocumentSymbolSupport"`
		} `json:"documentSymbol"`
		Hover struct {
			ContentFormat []string `json:"contentFormat"`
		} `json:"hover"`
		FoldingRange struct {
			RangeLimit int `json:"rangeLimit"`
		} `json:"foldingRange"`
	} `json:"textDocument"`
}

type initializeResult struct {
	Capabilities serverCapabilities `json:"capabilities"`
	ServerInfo   serverInfo         `json:"serverInfo"`
}

type serverInfo struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type serverCapabilities struct {
	PositionEncoding          encoding              `json:"positionEncoding"`
	TextDocumentSync          syncOptions           `json:"textDocumentSync"`
	DefinitionProvider        bool                  `json:"definitionProvider"`
	DeclarationProvider       bool                  `json:"declarationProvider"`
	TypeDefinitionProvider    bool                  `json:"typeDefinitionProvider"`
	ImplementationProvider    bool                  `json:"implementationProvider"`
	ReferencesProvider        bool                  `json:"referencesProvider"`
	DocumentHighlightProvider bool                  `json:"documentHighlightProvider"`
	DocumentSymbolProvider    bool                  `json:"documentSymbolProvider"`
	WorkspaceSymbolProvider   bool                  `json:"workspaceSymbolProvider"`
	HoverProvider             bool                  `json:"hoverProvider"`
	CallHierarchyProvider     bool                  `json:"callHierarchyProvider"`
	TypeHierarchyProvider     bool                  `json:"typeHierarchyProvider"`
	FoldingRangeProvider      bool                  `json:"foldingRangeProvider"`
	CompletionProvider        completionOptions     `json:"completionProvider"`
	SignatureHelpProvider     signatureHelpOptions  `json:"signatureHelpProvider"`
	DocumentLinkProvider      documentLinkOptions   `json:"documentLinkProvider"`
	SemanticTokensProvider    semanticTokensOptions `json:"semanticTokensProvider"`
	ExecuteCommandProvider    executeCommandOptions `json:"executeCommandProvider"`
	Workspace                 workspaceCapabilities `json:"workspace"`
}

type syncOptions struct {
	OpenClose bool     `json:"openClose"`
	Change    int      `json:"change"` // 2: by ranges
	Save      struct{} `json:"save"`
}

type completionOptions struct {
	TriggerCharacters []string `json:"triggerCharacters"`
	ResolveProvider   bool     `json:"resolveProvider"`
}

type signatureHelpOptions struct {
	TriggerCharacters []string `json:"triggerCharacters"`
}

type documentLinkOptions struct {
	ResolveProvider bool `json:"resolveProvider"`
}

type semanticTokensOptions struct {
	Legend semanticTokensLegend `json:"legend"`
	Range  bool                 `json:"range"`
	Full   semanticTokensFull   `json:"full"`
}

type semanticTokensFull struct {
	Delta bool `json:"delta"`
}

type semanticTokensLegend struct {
	TokenTypes     []string `json:"tokenTypes"`
	TokenModifiers []string `json:"tokenModifiers"`
}

type executeCommandOptions struct {
	Commands []string `json:"commands"`
}

type workspaceCapabilities struct {
	WorkspaceFolders workspaceFoldersOptions `json:"workspaceFolders"`
}

type workspaceFoldersOptions struct {
	Supported           bool `json:"supported"`
	ChangeNotifications bool `json:"changeNotifications"`
}

type didOpenParams struct {
	TextDocument textDocument `json:"textDocument"`
}

type didChangeParams struct {
	TextDocument   textDocument    `json:"textDocument"`
	ContentChanges []contentChange `json:"contentChanges"`
}

type contentChange struct {
	Range *Range `json:"range"` // nil: Text is all
	Text  string `json:"text"`
}

type documentParams struct {
	TextDocument documentID `json:"textDocument"`
}

type positionParams struct {
	TextDocument documentID `json:"textDocument"`
	Position     Position   `json:"position"`
}

type rangeParams struct {
	TextDocument documentID `json:"textDocument"`
	Range        Range      `json:"range"`
}

type referenceParams struct {
	positionParams
	Context struct {
		IncludeDeclaration bool `json:"includeDeclaration"`
	} `json:"context"`
}

type cancelParams struct {
	ID json.RawMessage `json:"id"`
}

type markup struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

type hoverResult struct {
	Contents markup `json:"contents"`
	Range    *Range `json:"range,omitempty"`
}

type documentSymbol struct {
	Name           string            `json:"name"`
	Detail         string            `json:"detail,omitempty"`
	Kind           symbolKind        `json:"kind"`
	Range          Range             `json:"range"`
	SelectionRange Range             `json:"selectionRange"`
	Children       []*documentSymbol `json:"children,omitempty"`
}

type symbolInformation struct {
	Name          string     `json:"name"`
	Kind          symbolKind `json:"kind"`
	Location      Location   `json:"location"`
	ContainerName string     `json:"containerName,omitempty"`
}

type workspaceSymbolParams struct {
	Query string `json:"query"`
}

// symbolKind is a SymbolKind of the protocol.
type symbolKind int

const (
	symbolFile       symbolKind = 1
	symbolNamespace  symbolKind = 3
	symbolClass      symbolKind = 5
	symbolProperty   symbolKind = 7
	symbolField      symbolKind = 8
	symbolEnum       symbolKind = 10
	symbolFunction   symbolKind = 12
	symbolVariable   symbolKind = 13
	symbolConstant   symbolKind = 14
	symbolObject     symbolKind = 19
	symbolKey        symbolKind = 20
	symbolEnumMember symbolKind = 22
	symbolStruct     symbolKind = 23
	symbolTypeParam  symbolKind = 26
)

// hierarchyItem is an item of a call or type hierarchy.
type hierarchyItem struct {
	Name           string        `json:"name"`
	Kind           symbolKind    `json:"kind"`
	Detail         string        `json:"detail,omitempty"`
	URI            string        `json:"uri"`
	Range          Range         `json:"range"`
	SelectionRange Range         `json:"selectionRange"`
	Data           hierarchyData `json:"data"`
}

// hierarchyData is what a later question about an item needs.
type hierarchyData struct {
	Name string `json:"name"`
	Path string `json:"path"` // of the definition, below the root
}

type hierarchyParams struct {
	Item hierarchyItem `json:"item"`
}

type incomingCall struct {
	From       hierarchyItem `json:"from"`
	FromRanges []Range       `json:"fromRanges"`
}

type outgoingCall struct {
	To         hierarchyItem `json:"to"`
	FromRanges []Range       `json:"fromRanges"`
}

type foldingRange struct {
	StartLine int    `json:"startLine"`
	EndLine   int    `json:"endLine"`
	Kind      string `json:"kind,omitempty"`
}

type semanticTokens struct {
	ResultID string   `json:"resultId,omitempty"`
	Data     []uint32 `json:"data"`
}

type semanticTokensDeltaParams struct {
	TextDocument     documentID `json:"textDocument"`
	PreviousResultID string     `json:"previousResultId"`
}

type semanticTokensDelta struct {
	ResultID string               `json:"resultId,omitempty"`
	Edits    []semanticTokensEdit `json:"edits"`
}

type semanticTokensEdit struct {
	Start       int      `json:"start"`
	DeleteCount int      `json:"deleteCount"`
	Data        []uint32 `json:"data,omitempty"`
}

type completionList struct {
	IsIncomplete bool             `json:"isIncomplete"`
	Items        []completionItem `json:"items"`
}

type completionItem struct {
	Label         string          `json:"label"`
	Kind          completionKind  `json:"kind,omitempty"`
	Detail        string          `json:"detail,omitempty"`
	Documentation *markup         `json:"documentation,omitempty"`
	SortText      string          `json:"sortText,omitempty"`
	TextEdit      *textEdit       `json:"textEdit,omitempty"`
	Data          *completionData `json:"data,omitempty"`
}

// completionData is what resolving an item needs.
type completionData struct {
	URI string `json:"uri"`
}

type textEdit struct {
	Range   Range  `json:"range"`
	NewText string `json:"newText"`
}

// completionKind is a CompletionItemKind of the protocol.
type completionKind int

const (
	completionText       completionKind = 1
	completionFunction   completionKind = 3
	completionField      completionKind = 5
	completionVariable   completionKind = 6
	completionClass      completionKind = 7
	completionModule     completionKind = 9
	completionProperty   completionKind = 10
	completionEnum       completionKind = 13
	completionFile       completionKind = 17
	completionFolder     completionKind = 19
	completionEnumMember completionKind = 20
	completionConstant   completionKind = 21
	completionStruct     completionKind = 22
	completionTypeParam  completionKind = 25
)

type signatureHelp struct {
	Signatures      []signatureInformation `json:"signatures"`
	ActiveSignature int                    `json:"activeSignature"`
	ActiveParameter int                    `json:"activeParameter"`
}

type signatureInformation struct {
	Label         string                 `json:"label"`
	Documentation *markup                `json:"documentation,omitempty"`
	Parameters    []parameterInformation `json:"parameters"`
}

type parameterInformation struct {
	Label         string  `json:"label"`
	Documentation *markup `json:"documentation,omitempty"`
}

type documentHighlight struct {
	Range Range `json:"range"`
	Kind  int   `json:"kind"` // 1 text, 2 read, 3 write
}

type documentLink struct {
	Range   Range  `json:"range"`
	Target  string `json:"target"`
	Tooltip string `json:"tooltip,omitempty"`
}

type executeCommandParams struct {
	Command   string            `json:"command"`
	Arguments []json.RawMessage `json:"arguments"`
}

type didChangeConfigurationParams struct {
	Settings json.RawMessage `json:"settings"`
}

type didChangeWorkspaceFoldersParams struct {
	Event struct {
		Added   []workspaceFolder `json:"added"`
		Removed []workspaceFolder `json:"removed"`
	} `json:"event"`
}

type didChangeWatchedFilesParams struct {
	Changes []struct {
		URI string `json:"uri"`
	} `json:"changes"`
}

// messageType is a MessageType of the protocol.
type messageType int

const (
	messageError   messageType = 1
	messageWarning messageType = 2
	messageInfo    messageType = 3
)

type messageParams struct {
	Type    messageType `json:"type"`
	Message string      `json:"message"`
}

type progressParams struct {
	Token string        `json:"token"`
	Value progressValue `json:"value"`
}

type progressValue struct {
	Kind    string `json:"kind"` // begin, report, end
	Title   string `json:"title,omitempty"`
	Message string `json:"message,omitempty"`
}

type registrationParams struct {
	Registrations []registration `json:"registrations"`
}

type registration struct {
	ID              string `json:"id"`
	Method          string `json:"method"`
	RegisterOptions any    `json:"registerOptions,omitempty"`
}

type watchOptions struct {
	Watchers []watcher `json:"watchers"`
}

type watcher struct {
	GlobPattern string `json:"globPattern"`
}
