" What the finder finds: sources. A source is a dictionary with
"   query(text)   asks; what is found goes to show() of the finder
"   stop()        ends what it started
" Items that are shown have word (what the line says), positions (bytes of it
" that matched), and the keys of a place for dekho#jump#to().

" The names of all sources, in the order of the finder's tabs.
function! dekho#source#names() abort
  return ['all', 'files', 'symbols', 'buffers', 'grep']
endfunction

" A source by its name. {show} is called with a list of items and a remark.
function! dekho#source#new(name, root, show) abort
  let source = {'name': a:name, 'root': a:root, 'show': a:show}
  if a:name ==# 'buffers'
    return extend(source, {'query': function('s:buffers'), 'stop': {-> 0}})
  elseif a:name ==# 'grep'
    return extend(source, {'query': function('s:grep'), 'stop': function('s:grep_stop'), 'timer': 0, 'job': {}})
  endif
  call extend(source, {'query': function('s:find'), 'stop': function('s:find_stop'), 'job': {}, 'asked': '', 'next': ''})
  call s:find_start(source)
  return source
endfunction

" Files and symbols: one process answers all queries, one after the other. What
" is typed while it works is asked when it is done, and only the last of it.

function! s:find_start(source) abort
  let kinds = {'all': [], 'files': ['--files'], 'symbols': ['--symbols']}[a:source.name]
  let argv = dekho#tree#argv(['find', '--json'], kinds + ['-n', get(g:, 'dekho_find_limit', 200), '-'], {'root': a:source.root, 'lens': 1})
  let a:source.asked = ''
  let a:source.job = dekho#job#start(argv, {'cwd': a:source.root, 'lines': function('s:found', [a:source]), 'done': function('s:find_ended', [a:source])})
endfunction

function! s:find(text) abort dict
  let text = trim(a:text)
  let self.next = ''
  let self.idle = text ==# '' || text ==# '-'
  if self.idle
    call self.show([], '')
  elseif self.asked !=# ''
    let self.next = text
  else
    if get(self.job, 'stopped', 1)
      call s:find_start(self)
    endif
    let self.asked = text
    call dekho#job#send(self.job, text)
  endif
endfunction

function! s:found(source, lines) abort
  let a:source.asked = ''
  let items = map(json_decode(a:lines[-1]).results, 's:found_item(a:source.root, v:val)')
  if a:source.next !=# ''
    call a:source.query(a:source.next)
  endif
  if !a:source.idle
    call a:source.show(items, '')
  endif
endfunction

function! s:found_item(root, result) abort
  let result = a:result
  let item = {'path': a:root . '/' . result.path, 'line': get(result, 'line', 0), 'positions': get(result, 'positions', [])}
  if !has_key(result, 'symbol')
    return extend(item, {'word': result.path})
  endif
  return extend(item, {'name': result.symbol, 'word': printf('%-32s %-10s %s:%d', result.symbol, get(result, 'kind', ''), result.path, result.line)
        \ . (has_key(result, 'more') ? ' (+' . result.more . ')' : '')})
endfunction

" The process ends when it refuses a query.
function! s:find_ended(source, code, err) abort
  let asked = a:source.asked
  let a:source.asked = ''
  if a:source.next !=# '' && a:source.next !=# asked
    call a:source.query(a:source.next)
  else
    call a:source.show([], dekho#tree#problem(a:err))
  endif
endfunction

function! s:find_stop() abort dict
  call dekho#job#stop(self.job)
endfunction

" Text: a process for each query, once no key came for a moment; the one before
" is killed, and so is one that found enough.

let s:pause = 120
let s:enough = 500

function! s:grep(text) abort dict
  call self.stop()
  if strchars(trim(a:text)) < 2
    call self.show([], '')
    return
  endif
  let self.timer = timer_start(s:pause, {-> s:grep_start(self, a:text)})
endfunction

function! s:grep_start(source, text) abort
  let source = a:source
  let source.timer = 0
  let items = []
  let argv = dekho#tree#argv(['grep', '--color', 'never', '--smart-case'], ['--', a:text], {'root': source.root, 'lens': 1})
  let source.job = dekho#job#start(argv, {'cwd': source.root, 'lines': function('s:grepped', [source, items]),
        \ 'done': {code, err -> code > 1 ? source.show([], dekho#tree#problem(err)) : source.show(items, '')}})
endfunction

function! s:grepped(source, items, lines) abort
  for line in a:lines[: s:enough - len(a:items)]
    let place = matchlist(line, '^\(.\{-}\):\(\d\+\):\s*\(.*\)$')
    if !empty(place)
      call add(a:items, {'path': a:source.root . '/' . place[1], 'line': str2nr(place[2]), 'positions': [],
            \ 'word': place[1] . ':' . place[2] . ': ' . place[3]})
    endif
  endfor
  let full = len(a:items) >= s:enough
  if full
    call dekho#job#stop(a:source.job)
  endif
  call a:source.show(a:items, full ? 'and more' : '')
endfunction

function! s:grep_stop() abort dict
  if self.timer
    call timer_stop(self.timer)
    let self.timer = 0
  endif
  if !empty(self.job)
    call dekho#job#stop(self.job)
  endif
endfunction

" Buffers: those used last come first.

function! s:buffers(text) abort dict
  let list = filter(getbufinfo({'buflisted': 1}), 'v:val.name !=# ""')
  call sort(list, {a, b -> b.lastused - a.lastused})
  let items = map(list, 's:buffer_item(v:val)')
  let text = trim(a:text)
  if text ==# ''
    call self.show(items, '')
    return
  endif
  let [items, positions; _] = matchfuzzypos(items, text, {'key': 'word'})
  for i in range(len(items))
    let items[i].positions = map(positions[i], 'byteidx(items[i].word, v:val)')
  endfor
  call self.show(items, '')
endfunction

function! s:buffer_item(info) abort
  return {'path': a:info.name, 'line': a:info.lnum, 'word': fnamemodify(a:info.name, ':~:.') . (a:info.changed ? ' [+]' : ''), 'positions': []}
endfunction
