" What the commands, 'tagfunc' and 'omnifunc' call first.

" Calls a function and shows what it throws.
function! dekho#try(name, ...) abort
  try
    return call(a:name, a:000)
  catch /^dekho: /
    call dekho#complain(substitute(v:exception, '^dekho: ', '', ''))
  endtry
endfunction

" Shows a problem.
function! dekho#complain(text) abort
  redraw
  echohl ErrorMsg
  echomsg 'dekho: ' . a:text
  echohl None
endfunction

" Shows a remark, cut so that it never asks for a key.
function! dekho#tell(text) abort
  redraw
  echomsg strcharpart('dekho: ' . a:text, 0, &columns * &cmdheight - 12)
endfunction

" For 'tagfunc': definitions from the index. Outside of indexed trees, and for
" patterns, Vim looks into its tags files as ever.
function! dekho#TagFunc(pattern, flags, info) abort
  let name = substitute(a:pattern, '\v^%(\^|\\V)*%(\\\<)?|%(\\\>)?\$?$', '', 'g')
  if a:flags =~# 'r' && name !~# '^\k\+$' || name ==# '' || name ==# '-'
    return v:null
  endif
  try
    let root = dekho#tree#root()
    if a:flags =~# 'i'
      return map(s:complete(root, name), '{"name": v:val, "filename": "", "cmd": "1"}')
    endif
    let answer = get(dekho#tree#ask(root, 'def', ['--', name], 1), 0, {'results': []})
  catch /^dekho: /
    return v:null
  endtry
  return empty(answer.results) ? v:null : map(copy(answer.results), 's:tag(root, name, v:val)')
endfunction

function! s:tag(root, name, result) abort
  let path = a:root . '/' . a:result.path
  let buffer = bufnr(path)
  let lnum = a:result.line
  if buffer > 0 && bufloaded(buffer)
    let lnum = dekho#jump#line(buffer, {'line': lnum, 'text': get(a:result, 'text', ''), 'name': a:name})
  endif
  return {'name': a:name, 'filename': fnamemodify(path, ':.'), 'cmd': string(lnum), 'kind': get(a:result, 'kind', '')}
endfunction

" For 'omnifunc': names of the index that begin like the one before the cursor.
function! dekho#OmniFunc(findstart, base) abort
  if a:findstart
    return match(strpart(getline('.'), 0, col('.') - 1), '\k*$')
  endif
  try
    return a:base ==# '' ? [] : s:complete(dekho#tree#root(), a:base)
  catch /^dekho: /
    return []
  endtry
endfunction

" For arguments of commands.
function! dekho#complete(lead, line, position) abort
  if a:lead ==# '' || a:lead =~# '^-'
    return []
  endif
  try
    return s:complete(dekho#tree#root(), a:lead)
  catch /^dekho: /
    return []
  endtry
endfunction

function! s:complete(root, base) abort
  let answer = dekho#job#call(dekho#tree#argv(['__completeNoDesc'], ['--tree', a:root, 'def', a:base], {}), getcwd(), get(g:, 'dekho_timeout', 3000))
  return answer.code == 0 ? filter(answer.out, 'v:val !~# "^:"') : []
endfunction

" Which tree to ask, for :DekhoTree: shows them, or chooses one; a bang leaves
" the choice to the place of each file again.
function! dekho#tree(bang, name) abort
  if a:bang
    unlet! g:dekho_tree
  endif
  let trees = dekho#tree#list()
  if a:name !=# ''
    if empty(filter(copy(trees), 'v:val.name ==# a:name')) && dekho#tree#of(fnamemodify(expand(a:name), ':p')) ==# ''
      throw 'dekho: ' . a:name . ' is not indexed: run :DekhoIndex ' . a:name
    endif
    let g:dekho_tree = a:name
  endif
  let here = empty(trees) ? '' : dekho#tree#root()
  for tree in trees
    echo (tree.root ==# here ? '* ' : '  ') . tree.name . '  ' . get(tree, 'kernel', '') . '  ' . tree.root
  endfor
  if empty(trees)
    throw 'dekho: no tree is indexed: run :DekhoIndex DIR'
  endif
endfunction

function! dekho#complete_trees(lead, line, position) abort
  try
    return filter(map(dekho#tree#list(), 'v:val.name'), 'stridx(v:val, a:lead) == 0') + getcompletion(a:lead, 'dir')
  catch /^dekho: /
    return []
  endtry
endfunction

" The lens, for :DekhoConfig: a configuration and, behind it, an architecture or
" "built" to leave out what is not; a bang takes the lens off.
function! dekho#config(bang, ...) abort
  if a:bang
    unlet! g:dekho_config g:dekho_arch g:dekho_board g:dekho_only_built
  endif
  for word in a:000
    let setting = matchlist(word, '^\(arch\|config\|board\)=\(.*\)$')
    if word ==# 'built'
      let g:dekho_only_built = 1
    elseif !empty(setting)
      let g:dekho_{setting[1]} = setting[2]
    elseif filereadable(expand(word))
      let g:dekho_config = fnamemodify(expand(word), ':p')
    else
      throw 'dekho: ' . word . ' is neither a file nor arch=, config=, board= or built'
    endif
  endfor
  let lens = dekho#tree#lens()
  echo empty(lens) ? 'dekho: no lens' : join(lens)
endfunction

" Indexes a tree, or brings its index up to date.
function! dekho#index(bang, ...) abort
  if exists('s:indexing') && !s:indexing.stopped
    throw 'dekho: a tree is being indexed'
  endif
  let dir = a:0 ? fnamemodify(expand(a:1), ':p') : dekho#tree#root()
  let argv = dekho#tree#argv(['index'], (a:bang ? ['--rebuild'] : []) + ['--', dir], {})
  let state = {'dir': fnamemodify(dir, ':~'), 'said': [], 'start': reltime()}
  let s:indexing = dekho#job#start(argv, {'pty': 1, 'lines': {lines -> map(copy(lines), {_, line -> s:index_said(state, line)})},
        \ 'tail': function('s:index_progress', [state]), 'done': function('s:indexed', [state])})
  call dekho#tell('indexing ' . state.dir . ' ...')
endfunction

" What a line of a terminal shows in the end.
function! s:shown(line) abort
  let line = substitute(a:line, '\e\[[0-9;?]*[A-Za-z]', '', 'g')
  return trim(get(filter(split(line, "\r"), 'v:val =~# "\\S"'), -1, ''))
endfunction

function! s:index_said(state, line) abort
  let shown = s:shown(a:line)
  if shown !=# ''
    call add(a:state.said, shown)
  endif
endfunction

function! s:index_progress(state, line) abort
  let shown = s:shown(a:line)
  if shown !=# '' && mode() ==# 'n'
    redraw
    echo strpart('dekho: ' . shown, 0, &columns - 12)
  endif
endfunction

function! s:indexed(state, code, err) abort
  if a:code == 0
    call dekho#tree#reload()
    call dekho#tell(printf('%s is indexed (%.1f s)', a:state.dir, reltimefloat(reltime(a:state.start))))
  else
    call dekho#complain(get(a:state.said, -1, 'indexing ' . a:state.dir . ' failed'))
  endif
endfunction

" Whether a tree is being indexed.
function! dekho#indexing() abort
  return exists('s:indexing') && !s:indexing.stopped
endfunction

" A file was saved, with g:dekho_index_on_save: brings its tree up to date, unless
" that is being done.
function! dekho#saved(path) abort
  if dekho#indexing()
    return
  endif
  try
    let root = dekho#tree#of(a:path)
    if root !=# ''
      let s:indexing = dekho#job#start(dekho#tree#argv(['index'], ['-q', '--', root], {}), {})
    endif
  catch /^dekho: /
    call dekho#complain(substitute(v:exception, '^dekho: ', '', ''))
  endtry
endfunction
