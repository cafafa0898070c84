" Colours of :DekhoShow: places, and the headings of its parts.
if exists('b:current_syntax')
  finish
endif

syntax match dekhoshowPlace "^\s*[^: ]\+:\d\+:\="
syntax match dekhoshowHeading "^\u.*$"

highlight default link dekhoshowPlace Directory
highlight default link dekhoshowHeading Title

let b:current_syntax = 'dekhoshow'
