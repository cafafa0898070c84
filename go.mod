module dekho

go 1.26.8
