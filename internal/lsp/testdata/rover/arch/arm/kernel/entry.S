.macro turn reg
	add	\reg, \reg, #1
.endm
