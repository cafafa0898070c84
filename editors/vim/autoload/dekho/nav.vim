" The commands that ask about names: definitions, references, callers and so on.

" Before what belongs to the entry of a list above it.
let s:under = '`- '

" Definitions of a name. One is jumped to; several are listed, and with a bang
" the best of them is jumped to at once.
function! dekho#nav#def(bang, mods, name) abort
  let name = s:name(a:name)
  let root = dekho#tree#root()
  let answer = get(dekho#tree#ask(root, 'def', ['--', name], 1), 0, {'results': []})
  let places = map(copy(answer.results), 's:place(root, name, v:val)')
  if empty(places)
    throw s:nothing('no definition of ' . name, answer)
  endif
  if len(places) > 1
    call dekho#list#set(s:title('DekhoDef', [name], len(places)), places,
          \ {'kind': dekho#list#kind(0), 'mods': a:bang ? '' : a:mods, 'open': !a:bang})
  endif
  if len(places) == 1 || a:bang
    call dekho#jump#to(places[0], a:mods)
  endif
endfunction

" References. Words with a dash are options of dekho refs.
function! dekho#nav#refs(bang, mods, ...) abort
  let [options, names] = s:split(a:000, ['-r', '--role'])
  let name = s:name(get(names, 0, ''))
  call s:list('DekhoRefs', 'refs', options + ['--', name], [name], a:bang, a:mods, function('s:refs_places'))
endfunction

function! s:refs_places(root, answer) abort
  return map(copy(a:answer.results), 's:place(a:root, a:answer.name, v:val)')
endfunction

" Callers, those through pointers too; with a bang, only those that spell the
" name out. With a depth, their callers too, as a tree.
function! dekho#nav#callers(bang, mods, name, depth) abort
  let name = s:name(a:name)
  let options = (a:bang ? ['--direct'] : []) + (a:depth ? ['--depth', a:depth] : [])
  call s:list((a:depth ? a:depth : '') . 'DekhoCallers', 'callers', options + ['--', name], [name], 0, a:mods,
        \ function(a:depth ? 's:tree_places' : 's:callers_places'))
endfunction

function! s:tree_places(root, answer) abort
  let places = []
  for function in a:answer.results
    call s:branch(a:root, function, '', places)
  endfor
  " A function that nobody calls is no answer.
  return len(places) > len(a:answer.results) ? places : []
endfunction

function! s:branch(root, node, indent, places) abort
  let how = get(a:node, 'how', 'call') ==# 'call' ? '' : ' [' . get(a:node, 'grade', a:node.how) . (has_key(a:node, 'through') ? ' ' . a:node.through : '') . ']'
  let name = get(a:node, 'function', '')
  call add(a:places, {'path': a:root . '/' . a:node.path, 'line': a:node.line,
        \ 'label': a:indent . (name ==# '' ? 'at file scope' : name . '()') . how . (has_key(a:node, 'mark') ? ' (' . a:node.mark . ')' : '')})
  for caller in get(a:node, 'callers', [])
    call s:branch(a:root, caller, a:indent . '| ', a:places)
  endfor
  if has_key(a:node, 'more')
    call add(a:places, {'path': a:root . '/' . a:node.path, 'line': a:node.line, 'label': a:indent . '| and ' . a:node.more . ' more'})
  endif
endfunction

function! s:callers_places(root, answer) abort
  let places = []
  for result in a:answer.results
    let place = s:place(a:root, a:answer.name, result)
    let how = result.how ==# 'call' ? '' : join(filter([get(result, 'grade', result.how), get(result, 'through', ''),
          \ join(get(result, 'macros', []), ' > '), get(result, 'note', '')], 'v:val !=# ""'), ' ')
    let place.label = (how ==# '' ? '' : '[' . how . '] ') . s:inside(result) . trim(get(result, 'text', ''))
    call add(places, place)
    for step in get(result, 'steps', [])
      call add(places, {'path': a:root . '/' . step.path, 'line': step.line, 'label': s:under . step.what})
    endfor
    for trigger in get(result, 'triggers', [])
      call add(places, {'path': a:root . '/' . trigger.path, 'line': trigger.line,
            \ 'label': s:under . get(result, 'trigger', 'triggered in') . ' ' . get(trigger, 'what', '')})
    endfor
  endfor
  return places
endfunction

" What a function calls.
function! dekho#nav#callees(bang, mods, name) abort
  let name = s:name(a:name)
  call s:list('DekhoCallees', 'callees', ['--', name], [name], a:bang, a:mods, function('s:callees_places'))
endfunction

function! s:callees_places(root, answer) abort
  let places = []
  for result in a:answer.results
    let place = s:place(a:root, result.name, result)
    let place.label = result.name . '()' . (result.how ==# 'pointer' ? ' through ' . get(result, 'through', 'a pointer') : '')
          \ . (has_key(result, 'macros') ? ' in ' . join(result.macros, ' > ') : '')
          \ . (has_key(result, 'defined') ? '  ' . result.defined : '')
    call add(places, place)
    for target in get(result, 'targets', [])
      call add(places, {'path': a:root . '/' . target.path, 'line': target.line, 'name': target.name,
            \ 'label': s:under . target.name . '() ' . get(target, 'grade', '')})
    endfor
  endfor
  return places
endfunction

" The shortest ways from one function to another.
function! dekho#nav#path(bang, mods, ...) abort
  if a:0 != 2
    throw 'dekho: :DekhoPath wants two names: from which function, and to which'
  endif
  call s:list('DekhoPath', 'path', ['--'] + a:000, copy(a:000), a:bang, a:mods, function('s:path_places'))
endfunction

function! s:path_places(root, answer) abort
  let places = []
  let number = 0
  for path in get(a:answer, 'paths', [])
    let number += 1
    for call in path
      call add(places, {'path': a:root . '/' . call.path, 'line': call.line, 'text': get(call, 'text', ''), 'name': call.how ==# 'call' ? call.to : '',
            \ 'label': number . ': ' . call.from . '() -> ' . call.to . '()'
            \ . (call.how ==# 'call' ? '' : ' [' . get(call, 'grade', call.how) . ' ' . get(call, 'through', '') . ']')})
      for step in get(call, 'steps', [])
        call add(places, {'path': a:root . '/' . step.path, 'line': step.line, 'label': s:under . step.what})
      endfor
    endfor
  endfor
  return places
endfunction

" Lines that match. All but the pattern are options of dekho grep.
function! dekho#nav#grep(bang, mods, ...) abort
  let [options, patterns] = s:split(a:000, ['-A', '-B', '-C', '-m', '-g', '--path', '--lang', '--max-count'])
  let pattern = empty(patterns) ? s:name('') : join(patterns, ' ')
  if empty(patterns)
    call add(options, '-w')
  endif
  call s:list('DekhoGrep', 'grep', options + ['--', pattern], [pattern], a:bang, a:mods, function('s:grep_places'))
endfunction

function! s:grep_places(root, answer) abort
  return map(copy(a:answer.results), '{"path": a:root . "/" . v:val.path, "line": v:val.line, "column": get(v:val, "column", 0),'
        \ . ' "text": get(v:val, "text", ""), "type": v:val.role ==# "context" ? "i" : ""}')
endfunction

" What a file defines, in the location list of its window.
function! dekho#nav#outline(mods) abort
  let file = expand('%:p')
  let root = dekho#tree#root()
  let answer = get(dekho#tree#ask(root, 'outline', ['--', file], 0), 0, {'results': []})
  let places = []
  for result in answer.results
    let place = s:place(root, result.symbol, result)
    let place.label = repeat('  ', result.depth) . result.kind . ' ' . result.symbol
          \ . (result.end > result.start ? '  (' . (result.end - result.start + 1) . ' lines)' : '')
    call add(places, place)
  endfor
  if empty(places)
    throw s:nothing('no definitions in ' . fnamemodify(file, ':.'), answer)
  endif
  call dekho#list#set(s:title('DekhoOutline', [fnamemodify(file, ':.')], len(places)), places, {'kind': 'location', 'mods': a:mods})
endfunction

" One screen about a name, in a window, or with a bang on top of this one.
function! dekho#nav#show(bang, mods, name) abort
  let name = s:name(a:name)
  let root = dekho#tree#root()
  let answer = dekho#job#call(dekho#tree#argv(['show', '--color', 'never'], ['--', name], {'root': root, 'lens': 1}), getcwd(),
        \ get(g:, 'dekho_timeout', 3000))
  if answer.code != 0
    throw 'dekho: ' . (answer.code == -1 ? 'no answer in time (g:dekho_timeout)' : dekho#tree#problem(answer.err))
  endif
  if a:bang
    call dekho#popup#show(answer.out, {'syntax': 'dekhoshow'})
    return
  endif
  let text = answer.out
  execute 'silent keepalt' (a:mods ==# '' ? 'botright' : a:mods) 'pedit' fnameescape('dekho://show/' . name)
  let back = win_getid()
  wincmd P
  setlocal modifiable buftype=nofile bufhidden=wipe noswapfile nobuflisted nonumber norelativenumber
  silent %delete _
  call setline(1, text)
  setlocal nomodifiable filetype=dekhoshow
  let b:dekho_root = root
  nnoremap <buffer> <silent> <CR> :<C-u>call dekho#try('dekho#nav#follow')<CR>
  nnoremap <buffer> <silent> q :<C-u>close<CR>
  execute 'resize' max([min([len(text), &lines / 2]), 1])
  call win_gotoid(back)
endfunction

" Goes to the place that a line of :DekhoShow begins with, in the window before.
function! dekho#nav#follow() abort
  let place = matchlist(getline('.'), '^\s*\([^:]\+\):\(\d\+\)')
  if empty(place)
    throw 'dekho: this line names no place'
  endif
  let root = b:dekho_root
  wincmd p
  call dekho#jump#to({'path': root . '/' . place[1], 'line': str2nr(place[2])}, '')
endfunction

" Answers of a subcommand go into a list when they are there.
function! s:list(command, subcommand, args, names, bang, mods, Places) abort
  let root = dekho#tree#root()
  let state = {'command': a:command, 'names': a:names, 'root': root, 'lines': [], 'Places': a:Places,
        \ 'where': {'kind': dekho#list#kind(a:bang), 'mods': a:mods, 'window': win_getid()}}
  let argv = dekho#tree#argv([a:subcommand, '--json'], a:args, {'root': root, 'lens': 1})
  " One question at a time: who asks again does not want the old answer.
  if exists('s:asking')
    call dekho#job#stop(s:asking)
  endif
  let s:asking = dekho#job#start(argv, {'cwd': getcwd(), 'lines': {lines -> extend(state.lines, lines)},
        \ 'done': function('s:answered', [state])})
endfunction

function! s:answered(state, code, err) abort
  if a:code > 1
    call dekho#complain(dekho#tree#problem(a:err))
    return
  endif
  let answer = empty(a:state.lines) ? {'results': []} : json_decode(a:state.lines[0])
  let found = len(get(answer, 'results', []))
  let limit = get(g:, 'dekho_list_limit', 5000)
  if found > limit
    call remove(answer.results, limit, -1)
  endif
  let places = empty(a:state.lines) ? [] : a:state.Places(a:state.root, answer)
  if empty(places)
    call dekho#complain(substitute(s:nothing(a:state.command . ' ' . join(a:state.names) . ': nothing found', answer), '^dekho: ', '', ''))
    return
  endif
  let title = s:title(a:state.command, a:state.names, found > limit ? limit . ' of ' . found : found ? found : len(places))
  call dekho#list#set(title, places, a:state.where)
endfunction

" Whether an answer is still to come.
function! dekho#nav#busy() abort
  return exists('s:asking') && !s:asking.stopped
endfunction

function! s:title(command, names, count) abort
  return ':' . a:command . ' ' . join(a:names) . ' (' . a:count . ')'
endfunction

" A result of the program as a place.
function! s:place(root, name, result) abort
  let place = {'path': a:root . '/' . a:result.path, 'line': a:result.line, 'column': get(a:result, 'column', 0),
        \ 'text': get(a:result, 'text', ''), 'name': get(a:result, 'spelled', a:name)}
  let what = get(a:result, 'kind', '')
  if get(a:result, 'role', 'definition') !=# 'definition'
    let what = a:result.role
  endif
  let place.label = '[' . what . '] ' . s:inside(a:result) . trim(place.text)
        \ . (has_key(a:result, 'macro') ? '  (generated by ' . a:result.macro.name . ')' : '') . s:lens(a:result)
  return place
endfunction

function! s:inside(result) abort
  return get(a:result, 'function', '') ==# '' ? '' : a:result.function . '(): '
endfunction

" What the lens says, as the program marks it.
function! s:lens(result) abort
  if !has_key(a:result, 'built')
    return ''
  endif
  let reason = get(get(filter(copy(get(a:result, 'reasons', [])), 'v:val.built ==# a:result.built'), 0, {}), 'what', '')
  if a:result.built ==# 'yes'
    return '  [' . (has_key(a:result, 'module') ? 'module ' . a:result.module : 'built in') . ']'
  endif
  return '  [' . (a:result.built ==# 'no' ? 'out' : 'if') . (reason ==# '' ? '' : ': ' . reason) . ']'
endfunction

" The name that a command is about: its argument, or that under the cursor.
function! s:name(arg) abort
  let name = a:arg !=# '' ? a:arg : expand('<cword>')
  if name ==# '' || name ==# '-'
    throw 'dekho: there is no name under the cursor'
  endif
  return name
endfunction

function! s:nothing(what, answer) abort
  let nearest = get(a:answer, 'nearest', [])
  return 'dekho: ' . a:what . (empty(nearest) ? '' : '; there is ' . join(nearest[:4], ', '))
endfunction

" Words with a dash, with the values of those that take one, and the others.
function! s:split(words, valued) abort
  let [options, rest] = [[], []]
  let i = 0
  while i < len(a:words)
    if a:words[i] ==# '--'
      let rest += a:words[i + 1 :]
      break
    elseif a:words[i] !~# '^-.' || !empty(rest)
      call add(rest, a:words[i])
    else
      call add(options, a:words[i])
      if index(a:valued, a:words[i]) >= 0 && i + 1 < len(a:words)
        let i += 1
        call add(options, a:words[i])
      endif
    endif
    let i += 1
  endwhile
  return [options, rest]
endfunction
