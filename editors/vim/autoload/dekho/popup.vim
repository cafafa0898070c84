" A few lines on top of the others: Vim's popup, Neovim's floating window.

let s:nvim = has('nvim')
let s:shown = 0

" Shows lines at the cursor until it moves, or for {opts} with row, column,
" width and height, there until dekho#popup#close(). highlight in {opts} is a
" line to point out, syntax the language of the text. Returns its window.
function! dekho#popup#show(lines, opts) abort
  call dekho#popup#close()
  let fixed = has_key(a:opts, 'row')
  " Frame and padding take four columns and two rows.
  let width = get(a:opts, 'width', min([max(map(copy(a:lines), 'strdisplaywidth(v:val)') + [20]), &columns - 5]))
  let room = max([screenrow() - 1, &lines - &cmdheight - screenrow()]) - 2
  let height = get(a:opts, 'height', min([s:height(a:lines, width), max([room, 1])]))
  let s:shown = s:nvim ? s:float(a:lines, a:opts, fixed, width, height) : s:popup(a:lines, a:opts, fixed, width, height)
  return s:shown
endfunction

" Closes it.
function! dekho#popup#close() abort
  if !s:shown
    return
  endif
  let window = s:shown
  let s:shown = 0
  if s:nvim
    if nvim_win_is_valid(window)
      call nvim_win_close(window, 1)
    endif
  else
    call popup_close(window)
  endif
endfunction

" The text of the one that is shown, [] if there is none.
function! dekho#popup#text() abort
  if !s:shown || s:nvim && !nvim_win_is_valid(s:shown) || !s:nvim && empty(popup_getpos(s:shown))
    return []
  endif
  return getbufline(winbufnr(s:shown), 1, '$')
endfunction

" How many rows of the screen lines need.
function! s:height(lines, width) abort
  let rows = 0
  for line in a:lines
    let rows += max([(strdisplaywidth(line) + a:width - 1) / a:width, 1])
  endfor
  return max([rows, 1])
endfunction

function! s:popup(lines, opts, fixed, width, height) abort
  let opts = {'border': [], 'padding': [0, 1, 0, 1], 'wrap': !a:fixed, 'maxwidth': a:width, 'maxheight': a:height, 'highlight': 'Normal'}
  if a:fixed
    call extend(opts, {'line': a:opts.row, 'col': a:opts.column, 'minwidth': a:width, 'minheight': a:height, 'pos': 'topleft',
          \ 'title': get(a:opts, 'title', ''), 'zindex': 60})
    let window = popup_create(a:lines, opts)
  else
    let window = popup_atcursor(a:lines, extend(opts, {'moved': 'any'}))
  endif
  call s:dress(winbufnr(window), a:opts)
  if has_key(a:opts, 'highlight')
    call matchaddpos('CursorLine', [a:opts.highlight], 10, -1, {'window': window})
  endif
  return window
endfunction

function! s:float(lines, opts, fixed, width, height) abort
  let buffer = nvim_create_buf(0, 1)
  call setbufvar(buffer, '&bufhidden', 'wipe')
  call nvim_buf_set_lines(buffer, 0, -1, 0, a:lines)
  let opts = {'style': 'minimal', 'border': 'single', 'width': a:width, 'height': a:height, 'focusable': 0, 'noautocmd': 1}
  if a:fixed
    call extend(opts, {'relative': 'editor', 'row': a:opts.row - 1, 'col': a:opts.column - 1})
  else
    let below = &lines - &cmdheight - screenrow() - 2 >= a:height
    call extend(opts, {'relative': 'cursor', 'row': below ? 1 : 0, 'col': 0, 'anchor': below ? 'NW' : 'SW'})
  endif
  let window = nvim_open_win(buffer, 0, opts)
  call nvim_win_set_option(window, 'wrap', a:fixed ? v:false : v:true)
  call s:dress(buffer, a:opts)
  if has_key(a:opts, 'highlight')
    call matchaddpos('CursorLine', [a:opts.highlight], 10, -1, {'window': window})
  endif
  if !a:fixed
    augroup dekho_popup
      autocmd! CursorMoved,CursorMovedI,InsertEnter,BufLeave * ++once call dekho#popup#close()
    augroup END
  endif
  return window
endfunction

" Colours without the rest of what a file type sets.
function! s:dress(buffer, opts) abort
  if get(a:opts, 'syntax', '') !=# ''
    call setbufvar(a:buffer, '&syntax', a:opts.syntax)
  endif
endfunction
