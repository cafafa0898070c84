" Names that only kernel logs have. Others become one by :DekhoLog.
autocmd BufNewFile,BufRead *.dmesg,*.kmsg setfiletype dekholog
