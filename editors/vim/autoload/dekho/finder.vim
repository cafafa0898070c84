" The finder: a window whose first line is typed into, with what is found below.
" The line is ordinary text in Insert mode, so that all its keys work as ever;
" results come by themselves.

" The finder that is open, {} if none is.
let s:finder = {}
" What was typed last, for :DekhoFind!
let s:last = {'source': '', 'text': ''}

" Opens the finder. Words: a source, and what to look for; a bang goes on with
" the query before.
function! dekho#finder#open(bang, ...) abort
  call dekho#finder#close()
  let root = dekho#tree#root()
  let names = get(g:, 'dekho_sources', dekho#source#names())
  let source = get(names, 0, 'all')
  let words = copy(a:000)
  if index(dekho#source#names(), get(words, 0, '')) >= 0
    let source = remove(words, 0)
  elseif a:bang && s:last.source !=# ''
    let source = s:last.source
  endif
  let text = a:bang && empty(words) ? s:last.text : join(words)
  let names = index(names, source) < 0 ? [source] + names : names
  let s:finder = {'root': root, 'names': names, 'source': {}, 'text': "\n", 'items': [], 'remark': '', 'marked': {},
        \ 'top': 0, 'selected': 0, 'preview': get(g:, 'dekho_preview'), 'back': win_getid(), 'sizes': winrestcmd()}
  let height = max([min([get(g:, 'dekho_finder_height', 12), &lines - 6]), 3])
  execute 'silent keepalt botright' height . 'new'
  let s:finder.window = win_getid()
  let s:finder.buffer = bufnr('%')
  setlocal buftype=nofile bufhidden=wipe noswapfile nobuflisted nonumber norelativenumber nowrap nospell nofoldenable nolist
  setlocal winfixheight undolevels=-1 signcolumn=no foldcolumn=0 colorcolumn= nocursorline textwidth=0 completefunc= omnifunc=
  setlocal statusline=%!dekho#finder#status()
  setlocal filetype=dekhofind
  call s:keys()
  call s:colours()
  augroup dekho_finder
    autocmd! * <buffer>
    autocmd TextChangedI,TextChangedP,TextChanged <buffer> call dekho#finder#changed()
    autocmd CursorMovedI <buffer> call s:keep_line()
    autocmd CursorMoved <buffer> call s:follow()
    autocmd InsertEnter <buffer> call s:enter()
    autocmd WinLeave <buffer> call dekho#finder#close()
    autocmd VimResized <buffer> call s:draw()
  augroup END
  call setline(1, text)
  call s:choose(source)
  call cursor(1, 1)
  startinsert!
endfunction

" Closes it.
function! dekho#finder#close() abort
  if empty(s:finder)
    return
  endif
  let finder = s:finder
  let s:finder = {}
  let s:last = {'source': finder.source.name, 'text': finder.text}
  call finder.source.stop()
  call dekho#popup#close()
  if bufexists(finder.buffer)
    execute 'silent! bwipeout!' finder.buffer
  endif
  call win_gotoid(finder.back)
  execute finder.sizes
endfunction

" The finder that is open, {} if none is: text, source, items, selected and so
" on; latency is how many milliseconds after the last key results were shown.
function! dekho#finder#state() abort
  return s:finder
endfunction

function! s:keys() abort
  for [keys, action] in items({'<C-n>': 'next', '<Down>': 'next', '<C-j>': 'next', '<C-p>': 'previous', '<Up>': 'previous', '<C-k>': 'previous',
        \ '<PageDown>': 'page-down', '<PageUp>': 'page-up', '<C-f>': 'next-source', '<C-b>': 'previous-source', '<Tab>': 'mark', '<C-o>': 'preview'})
    execute 'inoremap <buffer> <silent>' keys '<Cmd>call dekho#finder#do("' . action . '")<CR>'
    execute 'nnoremap <buffer> <silent>' keys '<Cmd>call dekho#finder#do("' . action . '")<CR>'
  endfor
  for [keys, action] in items({'<CR>': 'open', '<C-x>': 'split', '<C-v>': 'vsplit', '<C-t>': 'tabedit', '<C-q>': 'list', '<C-c>': 'close'})
    " Insert mode ends first: it would move the cursor in the window opened.
    execute 'inoremap <buffer> <silent> <expr>' keys 'dekho#finder#leave("' . action . '")'
    execute 'nnoremap <buffer> <silent>' keys ':<C-u>call dekho#try("dekho#finder#do", "' . action . '")<CR>'
  endfor
  nnoremap <buffer> <silent> q <Cmd>call dekho#finder#close()<CR>
  for key in ['i', 'a', 'A', 'I', 'o', 'O']
    execute 'nnoremap <buffer> <silent>' key ':<C-u>call cursor(1, 1)<Bar>startinsert!<CR>'
  endfor
  " Deleting at the end of the line would draw the first result into it.
  inoremap <buffer> <expr> <Del> col('.') > strlen(getline(1)) ? '' : '<Del>'
endfunction

function! s:colours() abort
  highlight default link DekhoFindSelected CursorLine
  highlight default link DekhoFindMatch Special
  highlight default link DekhoFindMark Todo
  highlight default link DekhoFindPrompt Title
  call matchadd('DekhoFindPrompt', '\%1l.*', 5)
  call matchadd('DekhoFindSelected', '^> .*', 5)
  call matchadd('DekhoFindMark', '^.\*', 6)
endfunction

" The line of the window that tells sources apart.
function! dekho#finder#status() abort
  if empty(s:finder)
    return ''
  endif
  let tabs = join(map(copy(s:finder.names), 'v:val ==# s:finder.source.name ? "[" . v:val . "]" : v:val'))
  return ' ' . tabs . '%=' . substitute(s:finder.remark, '%', '%%', 'g') . '  ' . (empty(s:finder.items) ? 0 : s:finder.selected + 1) . '/' . len(s:finder.items) . ' '
endfunction

function! s:choose(name) abort
  if !empty(s:finder.source)
    call s:finder.source.stop()
  endif
  let finder = s:finder
  let finder.source = dekho#source#new(a:name, finder.root, {items, remark -> s:show(finder, items, remark)})
  let finder.text = "\n"
  call s:show(finder, [], '')
  call dekho#finder#changed()
endfunction

" The text changed: asks for what it finds now.
function! dekho#finder#changed() abort
  if empty(s:finder) || bufnr('%') != s:finder.buffer
    return
  endif
  if line('$') != s:rows() + 1
    call s:draw() " lines were pasted, or deleted
  endif
  let text = getline(1)
  if text ==# s:finder.text
    return
  endif
  let s:finder.text = text
  let s:finder.asked = reltime()
  let s:finder.latency = 0
  try
    call s:finder.source.query(text)
  catch /^dekho: /
    call s:show(s:finder, [], substitute(v:exception, '^dekho: ', '', ''))
  endtry
endfunction

" A source found something.
function! s:show(finder, items, remark) abort
  if a:finder isnot s:finder
    return ''
  endif
  let s:finder.items = a:items
  let s:finder.remark = a:remark
  let s:finder.selected = 0
  let s:finder.top = 0
  let s:finder.latency = has_key(s:finder, 'asked') ? reltimefloat(reltime(s:finder.asked)) * 1000 : 0
  call s:draw()
  redraw
  return ''
endfunction

" How many rows of results are shown.
function! s:rows() abort
  return min([len(s:finder.items) - s:finder.top, winheight(s:finder.window) - 1])
endfunction

" Writes the results that fit into the window.
function! s:draw() abort
  let finder = s:finder
  let height = winheight(finder.window) - 1
  let finder.top = max([min([finder.top, finder.selected]), finder.selected - height + 1])
  let lines = []
  for i in range(finder.top, finder.top + s:rows() - 1)
    call add(lines, (i == finder.selected ? '>' : ' ') . (has_key(finder.marked, s:key(finder.items[i])) ? '*' : ' ') . finder.items[i].word)
  endfor
  let modifiable = getbufvar(finder.buffer, '&modifiable')
  call setbufvar(finder.buffer, '&modifiable', 1)
  call setbufline(finder.buffer, 2, lines)
  silent call deletebufline(finder.buffer, len(lines) + 2, '$')
  call setbufvar(finder.buffer, '&modifiable', modifiable)
  call s:point_out()
  if finder.preview
    call s:preview()
  endif
  call setwinvar(finder.window, '&statusline', '%!dekho#finder#status()')
endfunction

" Highlights the letters that matched.
function! s:point_out() abort
  let finder = s:finder
  for match in get(finder, 'matches', [])
    silent! call matchdelete(match, finder.window)
  endfor
  let spots = []
  for row in range(s:rows())
    for position in finder.items[finder.top + row].positions
      call add(spots, [row + 2, position + 3])
    endfor
  endfor
  let finder.matches = []
  for i in range(0, len(spots) - 1, 8)
    call add(finder.matches, matchaddpos('DekhoFindMatch', spots[i : i + 7], 10, -1, {'window': finder.window}))
  endfor
endfunction

" What identifies an item.
function! s:key(item) abort
  return a:item.path . ':' . a:item.line . ':' . get(a:item, 'name', '')
endfunction

" What a key does in Insert mode that leaves the finder: nothing without results.
function! dekho#finder#leave(action) abort
  return empty(s:finder) || empty(s:finder.items) && a:action !=# 'close' ? ''
        \ : "\<Esc>:\<C-u>call dekho#try('dekho#finder#do', '" . a:action . "')\<CR>"
endfunction

" The keys of the finder.
function! dekho#finder#do(action) abort
  if empty(s:finder)
    return
  endif
  let finder = s:finder
  let found = len(finder.items)
  if a:action =~# '^\%(next\|previous\)-source$'
    let at = index(finder.names, finder.source.name) + (a:action =~# '^next' ? 1 : -1)
    call s:choose(finder.names[at % len(finder.names)])
  elseif a:action ==# 'next' || a:action ==# 'previous'
    call s:select(found ? (finder.selected + (a:action ==# 'next' ? 1 : found - 1)) % found : 0)
  elseif a:action ==# 'page-down' || a:action ==# 'page-up'
    let page = winheight(finder.window) - 1
    call s:select(max([min([finder.selected + (a:action ==# 'page-down' ? page : -page), found - 1]), 0]))
  elseif a:action ==# 'mark'
    if found
      let item = finder.items[finder.selected]
      if has_key(finder.marked, s:key(item))
        call remove(finder.marked, s:key(item))
      else
        let finder.marked[s:key(item)] = item
      endif
      call s:select(min([finder.selected + 1, found - 1]))
    endif
  elseif a:action ==# 'preview'
    let finder.preview = !finder.preview
    call dekho#popup#close()
    call s:draw()
  elseif a:action ==# 'close'
    call dekho#finder#close()
  elseif a:action ==# 'list'
    let places = empty(finder.marked) ? finder.items : values(finder.marked)
    let title = ':DekhoFind ' . finder.source.name . ' ' . finder.text . ' (' . len(places) . ')'
    call dekho#finder#close()
    call dekho#list#set(title, map(copy(places), 'extend({"label": v:val.word}, v:val)'), {'kind': dekho#list#kind(0)})
  elseif found
    let items = empty(finder.marked) ? [finder.items[finder.selected]] : values(finder.marked)
    call dekho#finder#close()
    for item in items
      call s:open(item, a:action ==# 'open' ? '' : a:action)
    endfor
  endif
endfunction

" A file is opened where it was left.
function! s:open(item, how) abort
  if a:item.line > 0
    call dekho#jump#to(a:item, a:how)
  else
    call dekho#jump#open(a:item.path, a:how)
  endif
endfunction

function! s:select(at) abort
  let s:finder.selected = a:at
  call s:draw()
endfunction

" In Insert mode the cursor stays in the line that is typed into.
function! s:keep_line() abort
  if line('.') != 1
    call cursor(1, strlen(getline(1)) + 1)
  endif
endfunction

function! s:enter() abort
  call cursor(1, strlen(getline(1)) + 1)
endfunction

" In Normal mode it selects.
function! s:follow() abort
  let at = s:finder.top + line('.') - 2
  if mode() ==# 'n' && line('.') > 1 && at != s:finder.selected && at < len(s:finder.items)
    call s:select(at)
  endif
endfunction

" Shows the place of the item selected above the finder.
function! s:preview() abort
  let finder = s:finder
  let height = win_screenpos(finder.window)[0] - 5
  if height < 3 || empty(finder.items)
    call dekho#popup#close()
    return
  endif
  let item = finder.items[finder.selected]
  let first = max([item.line - height / 2, 1])
  let buffer = bufnr(item.path)
  if buffer > 0 && bufloaded(buffer)
    let lines = getbufline(buffer, first, first + height - 1)
  elseif filereadable(item.path)
    let lines = readfile(item.path, '', first + height - 1)[first - 1 :]
  else
    let lines = ['cannot be read']
  endif
  call map(lines, 'substitute(v:val, "\\t", repeat(" ", 8), "g")')
  call dekho#popup#show(lines, {'row': 1, 'column': 1, 'width': &columns - 4, 'height': height, 'highlight': max([item.line - first + 1, 1]),
        \ 'title': fnamemodify(item.path, ':.'), 'syntax': s:language(item.path)})
endfunction

function! s:language(path) abort
  let name = fnamemodify(a:path, ':t')
  return name =~# '^Kconfig' ? 'kconfig' : name =~# '^\(Makefile\|Kbuild\)' ? 'make'
        \ : get({'c': 'c', 'h': 'c', 'S': 'asm', 's': 'asm', 'dts': 'dts', 'dtsi': 'dts', 'py': 'python', 'rst': 'rst'}, fnamemodify(name, ':e'), '')
endfunction
