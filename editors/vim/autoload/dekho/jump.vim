" Goes to places, with the tag stack, also in buffers that are not saved.

" How many lines around a place are searched for what was there when the file
" was saved.
let s:reach = 400

" The line that a place of the index has in a buffer. The index knows files as
" they are on the disk; in a buffer that was edited, or a file that changed
" since, the nearest line that has the text is meant, or else the name.
function! dekho#jump#line(buffer, place) abort
  let lnum = a:place.line
  let text = get(a:place, 'text', '')
  let name = get(a:place, 'name', '')
  if text ==# '' && name ==# '' || text !=# '' && getbufline(a:buffer, lnum) == [text]
    return lnum
  endif
  let first = max([lnum - s:reach, 1])
  let lines = getbufline(a:buffer, first, lnum + s:reach)
  let best = s:nearest(lines, lnum - first, {line -> line ==# text}, text !=# '')
  if best < 0
    let pattern = '\C\V\<' . escape(name, '\') . '\>'
    let best = s:nearest(lines, lnum - first, {line -> line =~# pattern}, name =~# '^\k\+$')
  endif
  return best < 0 ? lnum : first + best
endfunction

" The index of the item next to {at} for which {Test} holds, or -1.
function! s:nearest(items, at, Test, sensible) abort
  if !a:sensible
    return -1
  endif
  for distance in range(s:reach + 1)
    for i in distance ? [a:at - distance, a:at + distance] : [a:at]
      if i >= 0 && i < len(a:items) && a:Test(a:items[i])
        return i
      endif
    endfor
  endfor
  return -1
endfunction

" Goes to a place: a dictionary with path (whole), line, and if known column,
" text (of the line) and name (what stands there). {mods} are those of a command
" (:vertical, :tab), or an opening command as :split. The place left is pushed
" on the tag stack.
function! dekho#jump#to(place, mods) abort
  if !filereadable(a:place.path) && bufnr(a:place.path) < 0
    throw 'dekho: cannot read ' . a:place.path
  endif
  let from = {'bufnr': bufnr('%'), 'from': [bufnr('%')] + getpos('.')[1:], 'tagname': get(a:place, 'name', fnamemodify(a:place.path, ':t'))}
  let there = expand('%:p') ==# a:place.path
  normal! m'
  if !there || a:mods !=# ''
    call dekho#jump#open(a:place.path, a:mods)
  endif
  let lnum = dekho#jump#line(bufnr('%'), a:place)
  call cursor(lnum, s:column(lnum, a:place))
  normal! zv
  if !there
    normal! zz
  endif
  call settagstack(win_getid(), {'items': [from]}, 't')
endfunction

" Opens a file; {mods} as above.
function! dekho#jump#open(path, mods) abort
  let command = a:mods =~# '^\%(v\=split\|tabedit\)$' ? a:mods : a:mods !=# '' ? a:mods . ' split'
        \ : &modified && !&hidden && !&autowriteall ? 'split' : 'edit' " what is not saved stays in its window
  execute 'silent' command fnameescape(fnamemodify(a:path, ':~:.'))
endfunction

" The column of a place in a line: that of its name if there is another now.
function! s:column(lnum, place) abort
  let column = get(a:place, 'column', 0)
  let name = get(a:place, 'name', '')
  let line = getline(a:lnum)
  if name ==# '' || column > 0 && strpart(line, column - 1, len(name)) ==# name
    return max([column, 1])
  endif
  let found = match(line, '\C\V\<' . escape(name, '\') . '\>')
  return found >= 0 ? found + 1 : max([column, matchend(line, '^\s*') + 1])
endfunction
