" Boot logs: signs for the records that matter, and the way from a line to the
" statement that printed it.
"
" The text of the buffer is what is explained, changed or not. So the lines of
" the program's answer are those of the buffer, and the bytes that a record
" covers say which of several records of a line is meant.

" What a record of a severity is marked with.
let s:kinds = {'panic': 'error', 'oops': 'error', 'critical': 'error', 'error': 'error', 'warning': 'warning', 'trouble': 'warning',
      \ 'notice': 'warning'}
" Severities that count as something that went wrong.
let s:wrong = ['panic', 'oops', 'warning', 'critical', 'error']
" Signs, the most important last: text, highlight, priority.
let s:signs = {
      \ 'unmapped': ['-', 'DekhoLogUnmapped', 5],
      \ 'guess': ['?', 'DekhoLogGuess', 6],
      \ 'warning': ['W', 'DekhoLogWarning', 12],
      \ 'error': ['E', 'DekhoLogError', 13],
      \ 'first': ['>>', 'DekhoLogFirst', 14],
      \ }
" How long a change has to rest before the log is explained anew, in ms.
let s:rest = 400
" Logs above this many lines come with fewer statements for each record.
let s:long = 20000

" Opens a log, or takes the current buffer for one.
function! dekho#log#open(mods, file) abort
  if a:file !=# ''
    let file = fnamemodify(expand(a:file), ':p')
    if !filereadable(file)
      throw 'dekho: cannot read ' . a:file
    endif
    let root = dekho#tree#root()
    call dekho#jump#open(file, a:mods)
    let b:dekho_root = root
  elseif !exists('b:dekho_root') || get(g:, 'dekho_tree', '') !=# ''
    unlet! b:dekho_root
    let b:dekho_root = dekho#tree#root()
  endif
  if &filetype !=# 'dekholog'
    setlocal filetype=dekholog
  endif
  call dekho#log#update(bufnr('%'))
endfunction

" What a buffer of the file type gets: called by its plugin.
function! dekho#log#setup() abort
  for [kind, sign] in items(s:signs)
    call sign_define('dekho_' . kind, {'text': sign[0], 'texthl': sign[1]})
  endfor
  highlight default link DekhoLogError ErrorMsg
  highlight default link DekhoLogWarning WarningMsg
  highlight default link DekhoLogFirst Error
  highlight default link DekhoLogGuess Question
  highlight default link DekhoLogUnmapped Comment
  let buffer = bufnr('%')
  augroup dekho_log
    execute 'autocmd! * <buffer=' . buffer . '>'
    execute 'autocmd TextChanged,InsertLeave,FileChangedShellPost,BufReadPost <buffer=' . buffer . '> call dekho#log#later(' . buffer . ')'
    execute 'autocmd BufUnload <buffer=' . buffer . '> call s:forget(' . buffer . ')'
  augroup END
endfunction

" Explains the buffer anew once it rests.
function! dekho#log#later(buffer) abort
  let log = getbufvar(a:buffer, 'dekho_log', {})
  if empty(log) || log.tick == getbufvar(a:buffer, 'changedtick')
    return
  endif
  if has_key(log, 'timer')
    call timer_stop(log.timer)
  endif
  let log.timer = timer_start(s:rest, {-> bufloaded(a:buffer) ? dekho#try('dekho#log#update', a:buffer) : 0})
endfunction

" Explains the buffer. Its old records stay until the new ones are there.
function! dekho#log#update(buffer) abort
  let old = getbufvar(a:buffer, 'dekho_log', {})
  if has_key(old, 'job')
    call dekho#job#stop(old.job)
    call delete(old.file)
  endif
  let lines = getbufline(a:buffer, 1, '$')
  let log = {'buffer': a:buffer, 'tick': getbufvar(a:buffer, 'changedtick'), 'records': {}, 'marks': {}, 'lines': [], 'boots': {},
        \ 'summary': {}, 'file': tempname(), 'root': getbufvar(a:buffer, 'dekho_root')}
  call writefile(lines, log.file)
  let args = ['--max-sites', len(lines) > s:long ? 2 : 8]
  for flag in ['arch', 'config']
    if get(g:, 'dekho_' . flag, '') !=# ''
      let args += ['--' . flag, expand(get(g:, 'dekho_' . flag))]
    endif
  endfor
  let argv = dekho#tree#argv(['log', '--json'], args + ['--', log.file], {'root': log.root})
  let running = dekho#job#start(argv, {'cwd': log.root, 'lines': function('s:records', [log]), 'done': function('s:done', [log])})
  if empty(old)
    let log.job = running
    call setbufvar(a:buffer, 'dekho_log', log)
  else
    call extend(old, {'job': running, 'file': log.file, 'tick': log.tick})
  endif
endfunction

" Whether records are still to come.
function! dekho#log#busy(buffer) abort
  let log = getbufvar(a:buffer, 'dekho_log', {})
  return has_key(log, 'job') && !log.job.stopped || getbufvar(a:buffer, 'changedtick') != get(log, 'tick', -1)
endfunction

function! s:forget(buffer) abort
  let log = getbufvar(a:buffer, 'dekho_log', {})
  if has_key(log, 'job')
    call dekho#job#stop(log.job)
    call delete(log.file)
  endif
endfunction

" Takes records as they come. A record stays the text that it is until somebody
" asks for it: there may be a hundred thousand, and decoding takes its time. What
" is needed of each stands at its start.
function! s:records(log, lines) abort
  for line in a:lines
    let head = matchlist(line, '\%#=1^{"line":\(\d\+\),"start":\d\+,"end":\d\+,"boot":\(\d\+\),"verdict":"\([a-z ]*\)"\%(,"severity":"\(\a*\)"\)\=')
    if empty(head)
      let object = json_decode(line)
      if has_key(object, 'summary')
        let a:log.summary = object.summary
        continue
      endif
      let head = ['', object.line, object.boot, object.verdict, get(object, 'severity', '')]
    endif
    let lnum = head[1]
    if has_key(a:log.records, lnum)
      call add(a:log.records[lnum], line)
    else
      let a:log.records[lnum] = [line]
      call add(a:log.lines, str2nr(lnum))
    endif
    let kind = get(s:kinds, head[4], head[3] ==# 'ambiguous' ? 'guess' : head[3] ==# 'unknown' ? 'unmapped' : '')
    if index(s:wrong, head[4]) >= 0 && !has_key(a:log.boots, head[2])
      let a:log.boots[head[2]] = lnum
      let kind = 'first'
    endif
    if kind !=# ''
      let mark = get(a:log.marks, lnum, '')
      if mark ==# '' || s:signs[kind][2] > s:signs[mark][2]
        let a:log.marks[lnum] = kind
      endif
    endif
  endfor
endfunction

" Places the signs, from the last line to the first: the editors keep them in a
" list that is searched from its start.
function! s:place(log) abort
  call sign_unplace('dekho_log', {'buffer': a:log.buffer})
  let wanted = get(g:, 'dekho_log_signs', keys(s:signs))
  let list = []
  for lnum in reverse(copy(a:log.lines))
    let kind = get(a:log.marks, lnum, '')
    if kind !=# '' && index(wanted, kind) >= 0
      call add(list, {'buffer': a:log.buffer, 'group': 'dekho_log', 'id': lnum, 'name': 'dekho_' . kind, 'lnum': lnum,
            \ 'priority': s:signs[kind][2]})
    endif
  endfor
  call sign_placelist(list)
endfunction

function! s:done(log, code, err) abort
  call delete(a:log.file)
  if !bufloaded(a:log.buffer)
    return
  endif
  if a:code > 1
    call dekho#complain(dekho#tree#problem(a:err))
    return
  endif
  let shown = getbufvar(a:log.buffer, 'dekho_log')
  if shown isnot a:log
    let a:log.job = shown.job
    call setbufvar(a:log.buffer, 'dekho_log', a:log)
  endif
  call s:place(a:log)
  if shown isnot a:log
    return
  endif
  let summary = a:log.summary
  if empty(summary) || mode() !=# 'n'
    return
  endif
  let matter = len(filter(values(a:log.marks), 'v:val !=# "guess" && v:val !=# "unmapped"'))
  if has_key(summary, 'mismatch')
    call dekho#tell(summary.mismatch)
  endif
  call dekho#tell(printf('%d records of the kernel, %d mapped, %d matter (]d)', summary.kernel_records, summary.mapped, matter))
endfunction

" Going from mark to mark: {step} is 1 or -1; {which} 'matters' or 'error'.
function! dekho#log#next(step, which) abort
  let log = s:log()
  let kinds = a:which ==# 'error' ? ['error', 'first'] : ['error', 'first', 'warning']
  let lines = sort(map(keys(filter(copy(log.marks), 'index(kinds, v:val) >= 0')), 'str2nr(v:val)'), 'n')
  let here = line('.')
  let there = a:step > 0 ? filter(lines, 'v:val > here') : reverse(filter(lines, 'v:val < here'))
  if empty(there)
    throw 'dekho: nothing that matters ' . (a:step > 0 ? 'below' : 'above')
  endif
  normal! m'
  call cursor(there[min([v:count1, len(there)]) - 1], 1)
  normal! zv
endfunction

" Goes to the first thing that went wrong in the boot around the cursor.
function! dekho#log#first() abort
  let log = s:log()
  let boot = get(s:record(log), 'boot', 1)
  if !has_key(log.boots, boot)
    throw 'dekho: nothing went wrong in boot ' . boot
  endif
  normal! m'
  call cursor(log.boots[boot], 1)
  normal! zv
endfunction

" Goes to the statement that printed the record at the cursor. If it cannot be
" told which one did, all that may have are listed.
function! dekho#log#jump(mods) abort
  let log = s:log()
  let record = s:record(log)
  if empty(get(record, 'sites', []))
    throw 'dekho: ' . (empty(record) ? 'no record of the log is here' : record.verdict ==# 'not kernel'
          \ ? 'the kernel did not print this: ' . get(record, 'origin', 'unknown') : 'no statement of the tree prints this')
  endif
  let places = map(record.sites + get(record, 'parts', []), 's:site_place(log.root, record, v:val, v:key)')
  if len(places) > 1
    let ambiguous = record.verdict ==# 'ambiguous'
    call dekho#list#set(':DekhoLog ' . record.text, places, {'kind': 'location', 'open': ambiguous})
    if ambiguous
      return
    endif
  endif
  call dekho#jump#to(places[0], a:mods)
  if record.verdict !=# 'certain'
    call dekho#tell(record.verdict . ', 1 of ' . len(places) . ' (:lopen)')
  endif
endfunction

" Shows the candidates for the record at the cursor, how sure the answer is, and
" the values it prints.
function! dekho#log#hover() abort
  let log = s:log()
  let record = s:record(log)
  if empty(record)
    throw 'dekho: no record of the log is here'
  endif
  let lines = [record.verdict . (has_key(record, 'severity') ? ', ' . record.severity : '')
        \ . (has_key(record, 'origin') ? ', written by: ' . record.origin : '')]
  for arg in record.args
    call add(lines, '  ' . (arg.name ==# '' ? arg.conversion : arg.name) . ' = ' . arg.text)
  endfor
  for site in record.sites + get(record, 'parts', [])
    let place = get(site, 'said', site)
    call add(lines, place.path . ':' . place.line . ': ' . (place.function ==# '' ? '' : place.function . '() ') . site.family)
    if has_key(site, 'said')
      call add(lines, '  printed by ' . site.path . ':' . site.line)
    endif
    call add(lines, '  "' . site.format . '"  score ' . printf('%.1f', site.score))
    for why in get(site, 'why', [])
      call add(lines, '  ' . why)
    endfor
  endfor
  if has_key(record, 'more_sites')
    call add(lines, 'and ' . record.more_sites . ' more')
  endif
  call dekho#popup#show(lines, {})
endfunction

" The place that a site names: where the words were given.
function! s:site_place(root, record, site, rank) abort
  let place = get(a:site, 'said', a:site)
  let grade = a:rank == 0 ? a:record.verdict : 'rival'
  if a:rank >= len(a:record.sites)
    let grade = 'part'
  endif
  return {'path': a:root . '/' . place.path, 'line': place.line,
        \ 'label': '[' . grade . printf(' %.1f', a:site.score) . '] ' . (place.function ==# '' ? '' : place.function . '() ') . a:site.family
        \ . '  "' . a:site.format . '"' . (has_key(a:site, 'said') ? '  printed by ' . a:site.path . ':' . a:site.line : '')}
endfunction

function! s:log() abort
  if !exists('b:dekho_log')
    throw 'dekho: this is no log that was explained: run :DekhoLog'
  endif
  return b:dekho_log
endfunction

" The record at the cursor, decoded: the one that covers the byte there, or if
" that one is nobody's, the first of the line that a statement printed. {} if
" there is none.
function! s:record(log) abort
  let lnum = line('.')
  " Lines of the program end in one byte, whatever those of the file do.
  let byte = line2byte(lnum) - 1 + col('.') - 1 - (&fileformat ==# 'dos' ? lnum - 1 : 0)
  let found = {}
  let own = map(copy(get(a:log.records, lnum, [])), 'json_decode(v:val)')
  for record in own + (empty(own) || own[0].start > byte ? s:before(a:log, lnum) : [])
    if record.start <= byte && byte < record.end
      let found = record
    endif
  endfor
  if empty(get(found, 'sites', []))
    for record in own
      if !empty(record.sites)
        return record
      endif
    endfor
  endif
  return empty(found) ? get(own, 0, {}) : found
endfunction

" The records of the last line above that starts one.
function! s:before(log, lnum) abort
  let [low, high] = [0, len(a:log.lines)]
  while low < high
    let middle = (low + high) / 2
    if a:log.lines[middle] < a:lnum
      let low = middle + 1
    else
      let high = middle
    endif
  endwhile
  return low == 0 ? [] : map(copy(a:log.records[a:log.lines[low - 1]]), 'json_decode(v:val)')
endfunction
