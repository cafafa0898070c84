" Colours of kernel logs. What matters in one, the signs say.
if exists('b:current_syntax')
  finish
endif

syntax match dekhologLevel "^<\d\+>"
syntax match dekhologTime "\[ *\d\+\.\d\+\]\%(\[ *[CT]\d\+\]\)\=" contains=NONE
syntax match dekhologFault "Kernel panic - not syncing.*\|kernel BUG at.*\|\<Oops: .*\|Unable to handle kernel.*"
syntax match dekhologRule "------------\[ cut here \]------------\|---\[ end .* \]---"
syntax match dekhologNumber "\<0x\x\+\>"

highlight default link dekhologLevel Comment
highlight default link dekhologTime Comment
highlight default link dekhologFault Error
highlight default link dekhologRule PreProc
highlight default link dekhologNumber Number

let b:current_syntax = 'dekholog'
