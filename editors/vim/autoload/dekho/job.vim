" Runs programs: the one place where Vim's jobs and Neovim's differ.

let s:nvim = has('nvim')

" Starts a program. {opts}, all optional:
"   cwd    the directory to run in
"   lines  called with a list of whole lines of standard output as they come
"   done   called once at the end, with the exit code and standard error
"   tail   called with what there is of the next line, when some of it has come
"   pty    run it on a terminal; lines and tail then get what that shows
" Returns a job for dekho#job#send() and dekho#job#stop(). A job that was
" stopped calls nothing any more.
function! dekho#job#start(argv, opts) abort
  let job = {'opts': a:opts, 'tail': '', 'err': '', 'stopped': 0}
  if s:nvim
    let opts = {'on_stdout': function('s:nvim_out', [job]), 'on_exit': function('s:nvim_exit', [job])}
    if get(a:opts, 'pty')
      call extend(opts, {'pty': 1, 'width': 100})
    else
      let opts.on_stderr = function('s:nvim_err', [job])
    endif
    if has_key(a:opts, 'cwd')
      let opts.cwd = a:opts.cwd
    endif
    let job.id = jobstart(a:argv, opts)
    if job.id <= 0
      throw 'dekho: cannot run ' . a:argv[0]
    endif
    return job
  endif
  let opts = {'mode': 'raw', 'out_cb': function('s:vim_out', [job]), 'err_cb': function('s:vim_err', [job]),
        \ 'close_cb': function('s:vim_close', [job])}
  if get(a:opts, 'pty')
    let opts.pty = 1
  endif
  if has_key(a:opts, 'cwd')
    let opts.cwd = a:opts.cwd
  endif
  let job.id = job_start(a:argv, opts)
  if job_status(job.id) ==# 'fail'
    throw 'dekho: cannot run ' . a:argv[0]
  endif
  return job
endfunction

" Writes a line to standard input. Returns whether the job took it.
function! dekho#job#send(job, line) abort
  if a:job.stopped
    return 0
  endif
  try
    if s:nvim
      return chansend(a:job.id, a:line . "\n") > 0
    endif
    if job_status(a:job.id) !=# 'run'
      return 0
    endif
    call ch_sendraw(a:job.id, a:line . "\n")
    return 1
  catch
    return 0 " it ended a moment ago
  endtry
endfunction

" Ends a job.
function! dekho#job#stop(job) abort
  if a:job.stopped
    return
  endif
  let a:job.stopped = 1
  if s:nvim
    call jobstop(a:job.id)
  else
    call job_stop(a:job.id)
    " A program that waits for a line notices that none comes any more.
    silent! call ch_close_in(a:job.id)
  endif
endfunction

" Runs a program to its end, or for {ms} milliseconds at most. Returns its exit
" code (-1: not in time), lines of standard output, and standard error. No other
" callback runs meanwhile.
function! dekho#job#call(argv, cwd, ms) abort
  return s:nvim ? s:nvim_call(a:argv, a:cwd, a:ms) : s:vim_call(a:argv, a:cwd, a:ms)
endfunction

function! s:lines(job, parts) abort
  let a:parts[0] = a:job.tail . a:parts[0]
  let a:job.tail = remove(a:parts, -1)
  if !empty(a:parts) && has_key(a:job.opts, 'lines')
    call a:job.opts.lines(a:parts)
  endif
  if a:job.tail !=# '' && has_key(a:job.opts, 'tail')
    call a:job.opts.tail(a:job.tail)
  endif
endfunction

function! s:done(job, code) abort
  if a:job.stopped
    return
  endif
  let a:job.stopped = 1
  if a:job.tail !=# '' && has_key(a:job.opts, 'lines')
    call a:job.opts.lines([a:job.tail])
  endif
  if has_key(a:job.opts, 'done')
    call a:job.opts.done(a:code, a:job.err)
  endif
endfunction

" Vim ------------------------------------------------------------------------

function! s:vim_out(job, channel, text) abort
  if !a:job.stopped
    call s:lines(a:job, split(a:text, "\n", 1))
  endif
endfunction

function! s:vim_err(job, channel, text) abort
  let a:job.err .= a:text
endfunction

" All output has come. That the process ended is noticed a moment later.
function! s:vim_close(job, channel) abort
  if job_status(a:job.id) ==# 'run' && !a:job.stopped
    call timer_start(2, {-> s:vim_close(a:job, a:channel)})
    return
  endif
  call s:done(a:job, job_info(a:job.id).exitval)
endfunction

function! s:vim_call(argv, cwd, ms) abort
  let job = job_start(a:argv, {'mode': 'raw', 'in_io': 'null', 'cwd': a:cwd})
  let channel = job_getchannel(job)
  let text = {'out': '', 'err': ''}
  let start = reltime()
  for part in ['out', 'err']
    while ch_status(channel, {'part': part}) =~# '^\(open\|buffered\)$'
      let left = a:ms - float2nr(reltimefloat(reltime(start)) * 1000)
      if left <= 0
        call job_stop(job)
        return {'code': -1, 'out': [], 'err': ''}
      endif
      try
        let text[part] .= ch_readraw(channel, {'part': part, 'timeout': left})
      catch /E906/
        break " closed since it was looked at
      endtry
    endwhile
  endfor
  " It ends within a moment of closing its output. :sleep would let timers run.
  while job_status(job) ==# 'run' && reltimefloat(reltime(start)) * 1000 < a:ms
  endwhile
  return {'code': job_info(job).exitval, 'out': split(text.out, "\n"), 'err': text.err}
endfunction

" Neovim ---------------------------------------------------------------------

function! s:nvim_out(job, id, data, event) abort
  if !a:job.stopped
    call s:lines(a:job, a:data)
  endif
endfunction

function! s:nvim_err(job, id, data, event) abort
  let a:job.err .= join(a:data, "\n")
endfunction

function! s:nvim_exit(job, id, code, event) abort
  call s:done(a:job, a:code)
endfunction

function! s:nvim_call(argv, cwd, ms) abort
  let opts = {'cwd': a:cwd, 'stdout_buffered': 1, 'stderr_buffered': 1}
  let id = jobstart(a:argv, opts)
  if id <= 0
    throw 'dekho: cannot run ' . a:argv[0]
  endif
  call chanclose(id, 'stdin')
  let code = jobwait([id], a:ms)[0]
  if code < 0
    call jobstop(id)
    return {'code': -1, 'out': [], 'err': ''}
  endif
  let lines = get(opts, 'stdout', [''])
  return {'code': code, 'out': lines[-1] ==# '' ? lines[:-2] : lines, 'err': join(get(opts, 'stderr', []), "\n")}
endfunction
