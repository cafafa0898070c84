" Fills the quickfix and the location list.

" Which list a command fills: g:dekho_list, or the other one for a bang.
function! dekho#list#kind(bang) abort
  let location = get(g:, 'dekho_list', 'quickfix') =~# '^loc'
  return (a:bang ? !location : location) ? 'location' : 'quickfix'
endfunction

" Sets a list. {where}: kind; window, the one that a location list belongs to;
" mods of the command; open, whether to show it. {places} are like those of
" dekho#jump#to(), with label and type for the list. The cursor stays.
function! dekho#list#set(title, places, where) abort
  let edited = {}
  for info in getbufinfo({'bufmodified': 1})
    let edited[info.name] = info.bufnr
  endfor
  let items = map(copy(a:places), 's:item(edited, v:val)')
  let window = get(a:where, 'window', win_getid())
  let location = a:where.kind ==# 'location' && win_id2win(window) > 0
  let what = {'title': a:title, 'items': items, 'context': {'dekho': 1}}
  if location
    call setloclist(window, [], ' ', what)
  else
    call setqflist([], ' ', what)
  endif
  if get(a:where, 'open', 1) && !empty(items)
    call s:show(location, window, get(a:where, 'mods', ''), len(items))
  endif
endfunction

function! s:show(location, window, mods, count) abort
  let back = win_getid()
  if a:location && win_getid() != a:window
    if win_gotoid(a:window) == 0
      return
    endif
  endif
  let mods = a:mods !=# '' ? a:mods : a:location ? '' : 'botright'
  execute mods . (a:location ? ' lopen ' : ' copen ') . (mods =~# 'vert\|tab' ? '' : min([a:count, 10]))
  call win_gotoid(back)
endfunction

function! s:item(edited, place) abort
  let lnum = has_key(a:edited, a:place.path) ? dekho#jump#line(a:edited[a:place.path], a:place) : a:place.line
  return {'filename': fnamemodify(a:place.path, ':.'), 'lnum': lnum,
        \ 'col': get(a:place, 'column', 0), 'text': get(a:place, 'label', get(a:place, 'text', '')), 'type': get(a:place, 'type', '')}
endfunction
