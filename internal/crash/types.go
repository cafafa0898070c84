package crash

import "strings"

// kasanClass is the class of a title of KASAN's: by what was wrong with the
// memory, and whether it was written to. Unless told, it was at least read.
func kasanClass(title string) string {
	bug := strings.TrimPrefix(title, "KASAN: ")
	name, rest, _ := strings.Cut(bug, " ")
	write := rest == "Write" || strings.HasPrefix(rest, "Write ")
	access := "-READ"
	if write {
		access = "-WRITE"
	}
	switch {
	case name == "null-ptr-deref" && rest != "":
		return "KASAN-NULL-POINTER-DEREFERENCE" + access
	case name == "double-free", name == "invalid-free":
		return "KASAN-INVALID-FREE"
	case strings.HasSuffix(name, "use-after-free"):
		return "KASAN-USE-AFTER-FREE" + access
	case strings.HasSuffix(name, "out-of-bounds"), strings.HasSuffix(name, "-access"), name == "unknown-crash":
		return "KASAN" + access
	}
	return "KASAN-UNKNOWN"
}

func kmsanClass(title string) string {
	switch bug := strings.TrimPrefix(title, "KMSAN: "); {
	case strings.HasPrefix(bug, "uninit-value"):
		return "KMSAN-UNINIT-VALUE"
	case strings.Contains(bug, "after-free"):
		return "KMSAN-USE-AFTER-FREE-READ"
	case strings.Contains(bug, "infoleak"):
		return "KMSAN-INFO-LEAK"
	}
	return "KMSAN-UNKNOWN"
}

func kcsanClass(title string) string {
	switch {
	case strings.HasPrefix(title, "KCSAN: data-race"):
		return "KCSAN-DATARACE"
	case strings.HasPrefix(title, "KCSAN: assert"):
		return "KCSAN-ASSERT"
	}
	return "KCSAN-UNKNOWN"
}

func kfenceClass(title string) string {
	bug := strings.TrimPrefix(title, "KFENCE: ")
	write := strings.Contains(bug, " write in ")
	switch {
	case strings.HasPrefix(bug, "use-after-free") && write:
		return "KFENCE-USE-AFTER-FREE-WRITE"
	case strings.HasPrefix(bug, "use-after-free"):
		return "KFENCE-USE-AFTER-FREE-READ"
	case write:
		return "KFENCE-WRITE"
	}
	return "KFENCE-READ"
}
