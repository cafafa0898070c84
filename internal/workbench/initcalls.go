package workbench

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"

	"dekho/internal/index"
	"dekho/internal/initcall"
	"dekho/internal/lens"
)

// Initcall is a function that the kernel calls while it boots.
type Initcall struct {
	// Order counts the initcalls of the kernel from 1, whether or not they are
	// among those asked for; 0 for one of a module.
	Order int
	initcall.Call
}

// Initcalls is the initcalls of a kernel, in the order of the boot.
type Initcalls struct {
	Calls []Initcall
	// Total is how many the kernel has, Modules how many are left out because
	// they belong to modules.
	Total, Modules int
	// Assumed is the architecture that was taken because none was given, "" if
	// one was.
	Assumed string
}

// Initcalls lists the initcalls of the kernel that the lens looks at, those whose
// function or file matches a regular expression. Without a lens it is the
// architecture of this machine, with everything that may be built.
func (t *Tree) Initcalls(pattern string) (res *Initcalls, err error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, &UsageError{err}
	}
	res = &Initcalls{}
	err = index.Guard(func() error {
		v := t.view
		if v == nil {
			arch := lens.FindArch(runtime.GOARCH)
			if v, err = t.openLens(LensOptions{Arch: runtime.GOARCH}); err != nil {
				return &UsageError{errors.New("which initcalls there are is a matter of --config or --arch")}
			}
			res.Assumed = arch.Dir
		}
		stop := t.w.step("initcalls")
		defer stop()
		v.mu.Lock()
		list, err := initcall.List(t.idx, v.Lens, (&lensTree{t: t}).ReadFile)
		v.mu.Unlock()
		if err != nil {
			return err
		}
		res.Total, res.Modules = len(list.Calls), len(list.Modules)
		for i := range list.Calls {
			if c := &list.Calls[i]; re.MatchString(c.Function) || re.MatchString(fmt.Sprintf("%s:%d", c.Path, c.Line)) {
				res.Calls = append(res.Calls, Initcall{Order: i + 1, Call: *c})
			}
		}
		return nil
	})
	return res, t.idx.Err(err)
}
