" Logs that :DekhoLog explains.
if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal nowrap
let b:undo_ftplugin = 'setlocal wrap<'
call dekho#log#setup()

if !get(g:, 'dekho_no_log_maps')
  nnoremap <buffer> <silent> gd <Cmd>call dekho#try('dekho#log#jump', '')<CR>
  nnoremap <buffer> <silent> <CR> <Cmd>call dekho#try('dekho#log#jump', '')<CR>
  nnoremap <buffer> <silent> <C-w><CR> <Cmd>call dekho#try('dekho#log#jump', 'aboveleft')<CR>
  nnoremap <buffer> <silent> K <Cmd>call dekho#try('dekho#log#hover')<CR>
  nnoremap <buffer> <silent> ]d <Cmd>call dekho#try('dekho#log#next', 1, 'matters')<CR>
  nnoremap <buffer> <silent> [d <Cmd>call dekho#try('dekho#log#next', -1, 'matters')<CR>
  nnoremap <buffer> <silent> ]e <Cmd>call dekho#try('dekho#log#next', 1, 'error')<CR>
  nnoremap <buffer> <silent> [e <Cmd>call dekho#try('dekho#log#next', -1, 'error')<CR>
  nnoremap <buffer> <silent> [D <Cmd>call dekho#try('dekho#log#first')<CR>
endif
