-- Drives the Language Server Protocol client that is built into Neovim, as a
-- person would: files are opened, the cursor is put somewhere, and what the
-- editor's own functions then show is written down, a line "name: value" each.
-- $DEKHO is the program, $ROOT the tree, $STEPS "kernel" or "edit", and $ARGS
-- are further arguments of dekho lsp.
local root = vim.env.ROOT
local out = io.open(vim.env.RESULTS, "w")

local function say(name, value)
  out:write(name .. ": " .. tostring(value) .. "\n")
  out:flush()
end

local function short(path) return (path:gsub("^file://", ""):gsub("^" .. vim.pesc(root) .. "/", "")) end

local told = {}
vim.lsp.handlers["window/showMessage"] = function(_, result) table.insert(told, result.message) end

local cmd = { vim.env.DEKHO, "lsp", "--log", vim.env.RESULTS .. ".log" }
for arg in (vim.env.ARGS or ""):gmatch("%S+") do table.insert(cmd, arg) end
local started = vim.loop.hrtime()
local client = vim.lsp.start_client({ name = "dekho", cmd = cmd, root_dir = root })
if not client then error("the client does not start") end

local function wait(what, ready)
  if not vim.wait(20000, ready, 5) then say(what, "timeout") end
end

-- As a configuration does it: every file that is opened belongs to the client.
_G.attach = function() vim.lsp.buf_attach_client(vim.api.nvim_get_current_buf(), client) end
vim.cmd("autocmd BufReadPost * lua attach()")

local function open(path)
  vim.cmd("edit " .. vim.fn.fnameescape(root .. "/" .. path))
  local buf = vim.api.nvim_get_current_buf()
  wait("initialize", function() return vim.lsp.get_client_by_id(client).initialized end)
  return buf
end

-- at puts the cursor on the text between the brackets of "ret = [name](".
local function at(marked)
  local before, name = marked:match("^(.-)%[(.-)%]")
  local needle = marked:gsub("[%[%]]", "", 2)
  vim.fn.cursor(1, 1)
  if vim.fn.search("\\V" .. vim.fn.escape(needle, "\\"), "cW") == 0 then error("there is no " .. needle) end
  local p = vim.api.nvim_win_get_cursor(0)
  vim.api.nvim_win_set_cursor(0, { p[1], p[2] + #before })
end

local function here()
  local p = vim.api.nvim_win_get_cursor(0)
  return short(vim.api.nvim_buf_get_name(0)) .. ":" .. p[1] .. ":" .. (p[2] + 1)
end

local function params() return vim.lsp.util.make_position_params(0, vim.lsp.get_client_by_id(client).offset_encoding) end

local function ask(method, p)
  local answers = vim.lsp.buf_request_sync(0, method, p or params(), 60000)
  for _, a in pairs(answers or {}) do
    if a.error then return nil, a.error.message end
    return a.result
  end
  return nil, "timeout"
end

-- follow calls a function of the editor that moves the cursor.
local function follow(fn)
  local before = here()
  fn()
  wait("jump", function() return here() ~= before end)
  return here()
end

-- list calls a function of the editor that fills the quickfix list.
local function list(fn)
  vim.fn.setqflist({}, "r", { items = {}, title = "none" })
  fn()
  wait("quickfix list", function() return #vim.fn.getqflist() > 0 end)
  vim.cmd("cclose") -- the editor goes into its window
  return vim.fn.getqflist()
end

local steps = {}

function steps.kernel()
  open("net/ipv4/af_inet.c")
  at(".handler\t=\t[tcp_v4_rcv],")
  say("definition", follow(vim.lsp.buf.definition))
  say("first answer within a second", (vim.loop.hrtime() - started) / 1e9 < 1)
  at("int [tcp_v4_rcv](struct")
  local refs = list(function() vim.lsp.buf.references({ includeDeclaration = false }) end)
  local found = {}
  for _, r in ipairs(refs) do table.insert(found, short(vim.fn.bufname(r.bufnr)) .. ":" .. r.lnum .. ":" .. r.col) end
  say("references", table.concat(found, " "))
  say("incoming calls", vim.inspect(vim.tbl_map(function(r) return short(vim.fn.bufname(r.bufnr)) .. ":" .. r.lnum .. " " .. r.text end,
    list(vim.lsp.buf.incoming_calls)), { newline = "", indent = "" }))
  say("outgoing calls", #list(vim.lsp.buf.outgoing_calls) > 50)

  open("mm/slab_common.c")
  at("void [kfree](const")
  local hover = ask("textDocument/hover")
  say("hover", hover and (hover.contents.value:match("free previously allocated memory") or hover.contents.value))
  local symbols = ask("textDocument/documentSymbol", { textDocument = vim.lsp.util.make_text_document_params() })
  for _, s in ipairs(symbols) do
    if s.name == "kfree" then say("symbol", s.name .. " " .. s.kind .. " " .. (s.selectionRange.start.line + 1)) end
  end
  local symbol = ask("workspace/symbol", { query = "tcpv4rcv" })[1]
  say("workspace symbol", symbol.name .. " " .. short(symbol.location.uri))
  open("fs/read_write.c")
  at("file->f_op->[read](file")
  say("implementations", #ask("textDocument/implementation") > 500)
  say("member", follow(vim.lsp.buf.definition))

  local capabilities = vim.lsp.get_client_by_id(client).server_capabilities
  say("rename", capabilities.renameProvider)

  -- Typed and not saved: the definition moves, and is found behind a penguin.
  open("net/ipv4/tcp_ipv4.c")
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { "/* one */", "int two(void) { /* größe 🐧 */ return tcp_v4_rcv(0); }" })
  at("🐧 */ return [tcp_v4_rcv](0)")
  local unsaved = follow(vim.lsp.buf.definition)
  say("unsaved", unsaved)
  vim.cmd("undo 0")
  say("modified", vim.bo.modified)

  if vim.lsp.semantic_tokens then
    local buf = open("kernel/fork.c")
    local token
    vim.wait(20000, function()
      for l = 1, vim.api.nvim_buf_line_count(buf) do
        local tokens = vim.lsp.semantic_tokens.get_at_pos(buf, l - 1, 0)
        if tokens and tokens[1] then token = tokens[1]; return true end
      end
    end, 50)
    say("token", token and (token.type .. " " .. tostring(token.modifiers.inactive)))
  end
end

function steps.edit()
  local buf = open("fs/one.c")
  wait("first index", function() return (told[#told] or ""):match("is indexed") ~= nil end)
  vim.api.nvim_buf_set_lines(buf, 0, 0, false, { "/* größe 🐧 */ static int above;", "" })
  local other = open("fs/two.c")
  at("return [one](")
  say("typed", follow(vim.lsp.buf.definition))
  vim.cmd("buffer " .. buf)
  vim.api.nvim_buf_set_lines(buf, -1, -1, false, { "int three(void)", "{", "\treturn above;", "}" })
  vim.cmd("write")
  vim.cmd("buffer " .. other)
  at("return [one](")
  say("saved", follow(vim.lsp.buf.definition))
  -- The index has it too, once dekho was told to look again.
  wait("indexed", function()
    local found = vim.fn.system({ vim.env.DEKHO, "def", "--tree", root, "three" })
    return found:match("fs/one.c:7:") ~= nil
  end)
  say("indexed", vim.fn.system({ vim.env.DEKHO, "def", "--tree", root, "three" }):match("fs/one.c:%d+"))
  local line = ask("workspace/symbol", { query = "three" })[1]
  say("symbol", line.name .. " " .. line.location.range.start.line + 1)
end

local ok, err = pcall(steps[vim.env.STEPS])
if not ok then say("error", err) end
for _, m in ipairs(told) do say("told", m) end
vim.lsp.stop_client(client)
say("stopped", vim.wait(10000, function() return vim.lsp.client_is_stopped(client) end, 10))
out:close()
vim.cmd("qall!")
