" Runs the steps of a scenario in the main loop of a real editor, each when it
" waits for input, and writes down what became of them. The test sets
" g:drive_steps, a file with a step a line, and g:drive_report.
"
"   do COMMAND          an Ex command
"   keys KEYS           keys as typed, "\<Esc>" as in a string of Vimscript
"   type KEYS           the same one after the other, as fingers do
"   wait EXPR           goes on when it is true
"   want EXPR => VALUE  both are expressions
"   note NAME EXPR      reports a value
"   patience SECONDS    how long to wait from now on, 20 at first

let s:steps = readfile(g:drive_steps)
let s:at = 0
let s:report = {'failed': [], 'notes': {}, 'finished': 0}
let s:typing = []
let s:since = reltime()
let s:patience = 20.0

function! s:fail(text) abort
  call add(s:report.failed, 'step ' . (s:at + 1) . ': ' . get(s:steps, s:at, '') . "\n\t" . a:text)
endfunction

function! s:end() abort
  call timer_stop(s:timer)
  let s:report.messages = execute('messages')
  let s:report.screen = map(range(1, &lines), {_, row -> join(map(range(1, &columns), {_, column -> screenstring(row, column)}), '')})
  call writefile([json_encode(s:report)], g:drive_report)
  qall!
endfunction

function! s:tick(timer) abort
  if mode() =~# '^r' && mode() !=# 'rm'
    call s:fail('the editor asks for a key: ' . execute('messages'))
    call s:end()
    return
  endif
  if !empty(s:typing)
    call feedkeys(remove(s:typing, 0), 't')
    return
  endif
  if s:at >= len(s:steps)
    let s:report.finished = 1
    call s:end()
    return
  endif
  let [verb, rest] = [matchstr(s:steps[s:at], '^\S*'), matchstr(s:steps[s:at], '^\S*\s*\zs.*')]
  try
    if verb ==# 'do'
      execute rest
    elseif verb ==# 'keys'
      call feedkeys(eval('"' . rest . '"'), 't')
    elseif verb ==# 'type'
      let s:typing = split(rest, '\%(\\<[^>]*>\|.\)\zs')
      call map(s:typing, 'v:val[0] ==# "\\" ? eval("\"" . v:val . "\"") : v:val')
    elseif verb ==# 'wait'
      if !eval(rest)
        if reltimefloat(reltime(s:since)) < s:patience
          return
        endif
        call s:fail('it did not become true')
        call s:end()
        return
      endif
    elseif verb ==# 'want'
      let sides = split(rest, ' => ')
      let [got, want] = [eval(sides[0]), eval(sides[1])]
      if got isnot# want && string(got) !=# string(want)
        call s:fail('got ' . string(got))
      endif
    elseif verb ==# 'note'
      let s:report.notes[matchstr(rest, '^\S*')] = eval(matchstr(rest, '^\S*\s*\zs.*'))
    elseif verb ==# 'patience'
      let s:patience = str2float(rest)
    elseif verb !=# ''
      call s:fail('no such step')
    endif
  catch
    call s:fail(v:exception . ' at ' . v:throwpoint)
  endtry
  let s:at += 1
  let s:since = reltime()
endfunction

let s:timer = timer_start(5, function('s:tick'), {'repeat': -1})
