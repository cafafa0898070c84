" Which tree is meant, and how the program is called for it.

" The trees that are indexed; [] until they are asked for.
let s:trees = []

" How long an answer that is waited for may take, in milliseconds.
let s:patience = 3000

" The program as a list of words. Throws if it is not there.
function! dekho#tree#program() abort
  let program = get(g:, 'dekho_program', 'dekho')
  let words = type(program) == type([]) ? copy(program) : [expand(program)]
  if empty(words) || !executable(words[0])
    throw 'dekho: there is no program ' . string(get(words, 0, '')) . ': put dekho into $PATH, or set g:dekho_program'
  endif
  return words
endfunction

" The command line for a subcommand. {opts}: lens, whether it has the flags of
" the lens; root, the tree.
function! dekho#tree#argv(subcommand, args, opts) abort
  let words = dekho#tree#program() + a:subcommand
  if has_key(a:opts, 'root')
    let words += ['--tree', a:opts.root]
  endif
  if get(g:, 'dekho_store', '') !=# ''
    let words += ['--store', expand(g:dekho_store)]
  endif
  if get(a:opts, 'lens')
    let words += dekho#tree#lens()
  endif
  return words + a:args
endfunction

" The flags of the lens as the options have them.
function! dekho#tree#lens() abort
  let words = []
  for flag in ['arch', 'config', 'board']
    let value = get(g:, 'dekho_' . flag, '')
    if value !=# ''
      let words += ['--' . flag, flag ==# 'config' ? expand(value) : value]
    endif
  endfor
  return get(g:, 'dekho_only_built') ? words + ['--only-built'] : words
endfunction

" The root of the tree that a command in this window asks: that of the buffer
" if it says so, g:dekho_tree, the tree with the file, $DEKHO_TREE, the tree
" with the working directory, the only one. Throws if there is none.
function! dekho#tree#root() abort
  if get(b:, 'dekho_root', '') !=# ''
    return b:dekho_root
  endif
  for fresh in [empty(s:trees), 1]
    if fresh
      call dekho#tree#reload()
    endif
    let root = s:choose()
    if root !=# ''
      return root
    endif
  endfor
  if empty(s:trees)
    throw 'dekho: no tree is indexed: run :DekhoIndex DIR'
  endif
  let dir = &buftype ==# '' && expand('%') !=# '' ? expand('%:p:h') : getcwd()
  throw 'dekho: ' . dir . ' is in no tree that is indexed: run :DekhoIndex DIR, or choose one with :DekhoTree'
endfunction

" The root of the tree that holds a file, or ''. It asks no program unless
" trees are not known yet.
function! dekho#tree#of(path) abort
  if empty(s:trees)
    call dekho#tree#reload()
  endif
  return s:around(a:path)
endfunction

" Asks which trees are indexed.
function! dekho#tree#reload() abort
  let answer = dekho#job#call(dekho#tree#argv(['index', '--list', '--json'], [], {}), getcwd(), s:patience)
  if answer.code > 1
    throw 'dekho: ' . dekho#tree#problem(answer.err)
  endif
  let s:trees = filter(map(answer.out, 'json_decode(v:val)'), '!has_key(v:val, "error")')
endfunction

" The trees that are indexed: root, name, kernel and so on.
function! dekho#tree#list() abort
  call dekho#tree#reload()
  return s:trees
endfunction

" Runs a subcommand and returns its objects. Throws what went wrong.
function! dekho#tree#ask(root, subcommand, args, lens) abort
  let argv = dekho#tree#argv([a:subcommand, '--json'], a:args, {'root': a:root, 'lens': a:lens})
  let answer = dekho#job#call(argv, getcwd(), get(g:, 'dekho_timeout', s:patience))
  if answer.code == -1
    throw 'dekho: no answer in time (g:dekho_timeout)'
  elseif answer.code > 1
    throw 'dekho: ' . dekho#tree#problem(answer.err)
  endif
  return map(answer.out, 'json_decode(v:val)')
endfunction

" What standard error says, as one line.
function! dekho#tree#problem(err) abort
  let text = substitute(trim(a:err), '\_s\+', ' ', 'g')
  return text ==# '' ? 'the program failed and said nothing' : substitute(text, '^dekho: ', '', '')
endfunction

function! s:choose() abort
  if get(g:, 'dekho_tree', '') !=# ''
    return s:named(g:dekho_tree)
  endif
  let root = &buftype ==# '' && expand('%') !=# '' ? s:around(expand('%:p')) : ''
  if root ==# '' && $DEKHO_TREE !=# ''
    let root = s:named($DEKHO_TREE)
  endif
  if root ==# ''
    let root = s:around(getcwd())
  endif
  return root ==# '' && len(s:trees) == 1 ? s:trees[0].root : root
endfunction

" The tree with a name, or the one around a directory.
function! s:named(name) abort
  for tree in s:trees
    if tree.name ==# a:name
      return tree.root
    endif
  endfor
  return s:around(fnamemodify(expand(a:name), ':p'))
endfunction

" The innermost tree around a path, whether or not links lead there.
function! s:around(path) abort
  let best = ''
  for path in uniq([a:path, resolve(a:path)])
    let path = substitute(path, '/*$', '/', '')
    for tree in s:trees
      if stridx(path, substitute(tree.root, '/*$', '/', '')) == 0 && len(tree.root) > len(best)
        let best = tree.root
      endif
    endfor
  endfor
  return best
endfunction
