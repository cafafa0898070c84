" White space as checkpatch.pl wants it: shown where it is wrong, and put right.
"
" What its checks are about (types as its --types takes them):
"   TRAILING_WHITESPACE, DOS_LINE_ENDINGS, MISSING_EOF_NEWLINE   all files
"   CODE_INDENT, SPACE_BEFORE_TAB                                C and device trees
" Blank lines at the end of a file go too: "git diff --check" complains of them.
" It checks Perl for indentation as well, but there white space may be part of
" a text in ways that only Perl knows: it is left.

" White space at the end of a line: that of Perl's \s.
let s:trailing = '[ \t\r\x0b\x0c]\+$'
" Spaces and tabs with a space before a tab.
let s:mixed = '[ \t]* \t[ \t]*'

" Whether a file may be touched at all: patches have lines of other files.
function! s:patch() abort
  return &filetype =~# '^\%(diff\|git\|gitcommit\|mail\|dekho.*\)$' || expand('%:e') =~# '^\%(patch\|diff\|rej\|orig\|mbox\)$'
endfunction

function! s:indented() abort
  return expand('%:e') =~# '^\%([ch]\|dtsi\=\)$'
endfunction

" Fixes lines: those of a range, the whole buffer, or those that differ from
" what git has. {scope} is 'range', 'all' or 'touched'. Returns how many.
function! dekho#space#fix(scope, first, last) abort
  if s:patch()
    throw 'dekho: white space of a patch belongs to the files it is for: left alone'
  elseif &buftype !=# '' || !&modifiable
    throw 'dekho: this buffer cannot be changed'
  endif
  let whole = [[1, line('$')]]
  let ranges = a:scope ==# 'all' ? whole : a:scope ==# 'range' ? [[a:first, a:last]] : s:touched(whole)
  let view = winsaveview()
  let [fixed, left] = s:fix_lines(ranges)
  let notes = s:fix_end(a:scope, ranges)
  call winrestview(view)
  call dekho#tell(printf('%d line%s fixed', fixed, fixed == 1 ? '' : 's') . (left ? ', ' . left . ' left as part of a string' : '')
        \ . join(map(notes, '", " . v:val'), ''))
  return fixed
endfunction

function! s:fix_lines(ranges) abort
  let [fixed, left] = [0, 0]
  if empty(a:ranges)
    return [0, 0]
  endif
  let strings = s:indented() ? s:strings(max(map(copy(a:ranges), 'v:val[1]'))) : {}
  for [first, last] in a:ranges
    for lnum in range(first, last)
      let line = getline(lnum)
      if line !~# '[ \t\r\x0b\x0c]'
        continue
      endif
      let new = s:fixed(line, get(strings, lnum, {}), s:indented())
      if new !=# line
        call setline(lnum, new)
        let fixed += 1
      endif
      if s:fixed(new, {}, s:indented()) !=# new
        let left += 1
      endif
    endfor
  endfor
  return [fixed, left]
endfunction

" A line as it should be. {strings} says what of it is text: inside, whether it
" begins in a string, open, whether it ends in one, spans, those in between.
function! s:fixed(line, strings, indented) abort
  let line = get(a:strings, 'open') ? a:line : substitute(a:line, s:trailing, '', '')
  if !a:indented || line !~# ' \t\|^\s* \{8}'
    return line
  endif
  let lead = get(a:strings, 'inside') ? '' : matchstr(line, '^[ \t]*')
  let new = lead =~# ' \t\| \{8}' ? s:blank(0, s:columns(lead)) : lead
  let at = len(lead)
  while 1
    let [run, start, end] = matchstrpos(line, s:mixed, at)
    if start < 0
      return new . strpart(line, at)
    endif
    let new .= strpart(line, at, start - at)
    if empty(filter(copy(get(a:strings, 'spans', [])), 'start >= v:val[0] && start < v:val[1]'))
      let tabs = matchstr(run, '^.*\t')
      let run = s:blank(s:columns(strpart(line, 0, start)), s:columns(strpart(line, 0, start) . tabs)) . strpart(run, len(tabs))
    endif
    let new .= run
    let at = end
  endwhile
endfunction

" Tabs and then spaces from one column to another.
function! s:blank(from, to) abort
  let tabs = a:to / 8 - a:from / 8
  return repeat("\t", tabs) . repeat(' ', tabs ? a:to % 8 : a:to - a:from)
endfunction

" The column behind a text, with tabs of 8 as the kernel has them.
function! s:columns(text) abort
  let columns = 0
  for part in split(a:text, '\t\zs', 1)
    let columns += strchars(part)
    if part =~# '\t$'
      let columns = (columns - 1) / 8 * 8 + 8
    endif
  endfor
  return columns
endfunction

" Where strings are in the lines of a C file or device tree up to a line: for
" each line that has one, what s:fixed() wants to know.
function! s:strings(last) abort
  let found = {}
  " Strings of device trees go on over lines as they are, those of C behind a
  " backslash.
  let plain = expand('%:e') =~# '^dts'
  let state = ''
  let lnum = 0
  for line in getline(1, a:last)
    let lnum += 1
    let [at, spans, inside] = [0, [], state =~# '["'']']
    while 1
      if state ==# ''
        let [token, start, end] = matchstrpos(line, '["'']\|/[*/]', at)
        if start < 0 || token ==# '//'
          break
        endif
        let [state, begin, at] = [token, start, end]
      elseif state ==# '/*'
        let at = matchend(line, '\*/', at)
        if at < 0
          break
        endif
        let state = ''
        continue
      else
        let begin = 0
      endif
      if state !=# '/*'
        let end = matchend(line, '^\%([^' . state . '\\]\|\\.\)*' . state, at)
        call add(spans, [begin, end < 0 ? len(line) : end])
        if end < 0
          if !(plain && state ==# '"' || line =~# '\\\s*$')
            let state = ''
          endif
          break
        endif
        let [at, state] = [end, '']
      endif
    endwhile
    if !empty(spans)
      let found[lnum] = {'inside': inside, 'open': plain && state ==# '"', 'spans': spans}
    endif
  endfor
  return found
endfunction

" The end of the file, if it is in the ranges: blank lines, the missing newline.
" Line ends of DOS are those of all lines, so they go if all lines are meant, or
" if git does not have them.
function! s:fix_end(scope, ranges) abort
  let notes = []
  let last = line('$')
  if &fileformat ==# 'dos' && (a:scope ==# 'all' || a:ranges ==# [[1, last]])
    setlocal fileformat=unix
    call add(notes, 'line ends of Unix')
  endif
  if empty(filter(copy(a:ranges), 'v:val[1] >= last'))
    return notes
  endif
  let text = prevnonblank(last)
  if text < last && text > 0
    silent call deletebufline('%', text + 1, last)
    call add(notes, 'blank lines at the end removed')
  endif
  if !&endofline && !&binary
    setlocal endofline fixendofline
    call add(notes, 'newline at the end')
  endif
  return notes
endfunction

" The ranges of lines that git does not have, unsaved changes included.
function! s:touched(whole) abort
  let [dir, name] = [expand('%:p:h'), expand('%:t')]
  let git = ['git', '-C', dir]
  if !executable('git') || dekho#job#call(git + ['rev-parse', '--is-inside-work-tree'], dir, 3000).code != 0
    throw 'dekho: ' . dir . ' is in no git repository: give a range, or a bang for the whole buffer'
  endif
  let [old, new] = [tempname(), tempname()]
  try
    let base = get(g:, 'dekho_base', 'HEAD') . ':./' . name
    if dekho#job#call(git + ['cat-file', '-e', base], dir, 3000).code != 0
      return a:whole
    endif
    call system(join(map(git + ['show', base], 'shellescape(v:val)')) . ' > ' . shellescape(old))
    execute 'silent noautocmd lockmarks keepalt write!' fnameescape(new)
    let answer = dekho#job#call(git + ['diff', '--no-index', '--no-color', '--no-ext-diff', '--text', '-U0', '--', old, new], dir, 10000)
    if answer.code != 0 && answer.code != 1
      throw 'dekho: git diff: ' . trim(answer.err)
    endif
    let ranges = []
    for line in answer.out
      let hunk = matchlist(line, '^@@ -\S\+ +\(\d\+\)\%(,\(\d\+\)\)\= @@')
      if !empty(hunk) && hunk[2] !=# '0'
        let lines = hunk[2] ==# "" ? 1 : str2nr(hunk[2])
        call add(ranges, [str2nr(hunk[1]), str2nr(hunk[1]) + lines - 1])
      endif
    endfor
    return ranges
  finally
    call delete(old)
    call delete(new)
  endtry
endfunction

" Shows it in the buffers of kernel trees, from now on in all windows.
function! dekho#space#watch() abort
  highlight default link DekhoWhitespace Error
  augroup dekho_space
    autocmd!
    autocmd BufWinEnter,WinEnter,FileType * call s:mark()
  augroup END
  call s:mark()
endfunction

function! s:mark() abort
  for match in get(w:, 'dekho_space', [])
    silent! call matchdelete(match)
  endfor
  let w:dekho_space = []
  if get(g:, 'dekho_whitespace', 1) && &buftype ==# '' && &modifiable && !s:patch() && &filetype =~# s:types && s:kernel(expand('%:p:h'))
    " The line that is typed does not flicker.
    let w:dekho_space += [matchadd('DekhoWhitespace', '\s\+\%#\@<!$', -1)]
    if s:indented()
      let w:dekho_space += [matchadd('DekhoWhitespace', ' \+\ze\t', -1)]
    endif
  endif
endfunction

let s:types = '^\%(c\|cpp\|dts\|kconfig\|make\|asm\|asmh8300\|ld\|rst\|yaml\|sh\)$'

" Whether a directory is below one with checkpatch.pl: a tree of the kernel, or
" of those that keep its rules.
let s:kernels = {}
function! s:kernel(dir) abort
  if !has_key(s:kernels, a:dir)
    let s:kernels[a:dir] = findfile('scripts/checkpatch.pl', escape(a:dir, ' ,;\') . ';') !=# ''
  endif
  return s:kernels[a:dir]
endfunction
