" dekho: the index of a kernel tree in the editor. See :help dekho
"
" Here are only the commands and keys; all else is loaded when one is used.
if exists('g:loaded_dekho')
  finish
endif
let g:loaded_dekho = 1
if has('nvim') ? !has('nvim-0.7') : v:version < 900 || !has('job') || !has('popupwin') || !has('timers')
  echomsg 'dekho needs Vim 9.0 with +job, +popupwin and +timers, or Neovim 0.7'
  finish
endif

command! -bang -nargs=? -complete=customlist,dekho#complete DekhoDef call dekho#try('dekho#nav#def', <bang>0, <q-mods>, <q-args>)
command! -bang -nargs=* -complete=customlist,dekho#complete DekhoRefs call dekho#try('dekho#nav#refs', <bang>0, <q-mods>, <f-args>)
command! -bang -count=0 -nargs=? -complete=customlist,dekho#complete DekhoCallers call dekho#try('dekho#nav#callers', <bang>0, <q-mods>, <q-args>, <count>)
command! -bang -nargs=? -complete=customlist,dekho#complete DekhoCallees call dekho#try('dekho#nav#callees', <bang>0, <q-mods>, <q-args>)
command! -bang -nargs=+ -complete=customlist,dekho#complete DekhoPath call dekho#try('dekho#nav#path', <bang>0, <q-mods>, <f-args>)
command! -bang -nargs=* DekhoGrep call dekho#try('dekho#nav#grep', <bang>0, <q-mods>, <f-args>)
command! DekhoOutline call dekho#try('dekho#nav#outline', <q-mods>)
command! -bang -nargs=? -complete=customlist,dekho#complete DekhoShow call dekho#try('dekho#nav#show', <bang>0, <q-mods>, <q-args>)
command! -bang -nargs=* DekhoFind call dekho#try('dekho#finder#open', <bang>0, <f-args>)
command! -nargs=? -complete=file DekhoLog call dekho#try('dekho#log#open', <q-mods>, <q-args>)
command! -bang -nargs=? -complete=dir DekhoIndex call dekho#try('dekho#index', <bang>0, <f-args>)
command! -bang -nargs=? -complete=customlist,dekho#complete_trees DekhoTree call dekho#try('dekho#tree', <bang>0, <q-args>)
command! -bang -nargs=* -complete=file DekhoConfig call dekho#try('dekho#config', <bang>0, <f-args>)
command! -bang -range DekhoFixWhitespace call dekho#try('dekho#space#fix', <bang>0 ? 'all' : <range> ? 'range' : 'touched', <line1>, <line2>)

nnoremap <silent> <Plug>(dekho-def) <Cmd>DekhoDef<CR>
nnoremap <silent> <Plug>(dekho-refs) <Cmd>DekhoRefs<CR>
nnoremap <silent> <Plug>(dekho-callers) <Cmd>DekhoCallers<CR>
nnoremap <silent> <Plug>(dekho-callees) <Cmd>DekhoCallees<CR>
nnoremap <silent> <Plug>(dekho-grep) <Cmd>DekhoGrep<CR>
nnoremap <silent> <Plug>(dekho-outline) <Cmd>DekhoOutline<CR>
nnoremap <silent> <Plug>(dekho-show) <Cmd>DekhoShow<CR>
nnoremap <silent> <Plug>(dekho-peek) <Cmd>DekhoShow!<CR>
nnoremap <silent> <Plug>(dekho-find) <Cmd>DekhoFind<CR>
nnoremap <silent> <Plug>(dekho-files) <Cmd>DekhoFind files<CR>
nnoremap <silent> <Plug>(dekho-symbols) <Cmd>DekhoFind symbols<CR>
nnoremap <silent> <Plug>(dekho-buffers) <Cmd>DekhoFind buffers<CR>
nnoremap <silent> <Plug>(dekho-text) <Cmd>DekhoFind grep<CR>
nnoremap <silent> <Plug>(dekho-log) <Cmd>DekhoLog<CR>
nnoremap <silent> <Plug>(dekho-fix-whitespace) <Cmd>DekhoFixWhitespace<CR>
xnoremap <silent> <Plug>(dekho-fix-whitespace) :DekhoFixWhitespace<CR>

if get(g:, 'dekho_maps')
  for [s:key, s:name] in items({'d': 'def', 'r': 'refs', 'c': 'callers', 'e': 'callees', 'g': 'grep', 'o': 'outline', 'k': 'show', 'p': 'peek',
        \ 'a': 'find', 'f': 'files', 's': 'symbols', 'b': 'buffers', 't': 'text', 'l': 'log', 'w': 'fix-whitespace'})
    if empty(maparg('<Leader>k' . s:key, 'n')) && !hasmapto('<Plug>(dekho-' . s:name . ')', 'n')
      execute 'nmap <Leader>k' . s:key '<Plug>(dekho-' . s:name . ')'
    endif
  endfor
  if empty(maparg('<Leader>kw', 'x'))
    xmap <Leader>kw <Plug>(dekho-fix-whitespace)
  endif
  unlet s:key s:name
endif

augroup dekho
  autocmd!
  " The first file that has white space to show.
  autocmd FileType c,cpp,dts,kconfig,make,asm,ld,rst,yaml,sh ++once if get(g:, 'dekho_whitespace', 1) | call dekho#space#watch() | endif
  autocmd BufWritePost * if get(g:, 'dekho_index_on_save') | call dekho#saved(expand('<afile>:p')) | endif
augroup END
