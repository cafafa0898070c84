package workbench

import (
	"context"
	"sync"
	"sync/atomic"

	"dekho/internal/index"
)

// presentRun is how many references a worker turns into results at a time.
const presentRun = 512

// present makes results of references to a name that was asked for and is
// spelled otherwise perhaps, in parallel when they are many: the time goes into
// reading files.
func (t *Tree) present(ctx context.Context, asked, name string, refs []index.Ref, out []Result, opts RefOptions) error {
	part := func(p *presenter, from, to int) error {
		for i := from; i < to; i++ {
			res, err := p.result(refs[i])
			if err != nil {
				return err
			}
			out[i] = res
		}
		return nil
	}
	newPresenter := func() *presenter {
		p := t.newPresenter(name)
		p.asked, p.noText, p.loose = asked, opts.NoText, opts.loose
		return p
	}
	if len(refs) <= presentRun || workers() == 1 {
		return part(newPresenter(), 0, len(refs))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers() {
		wg.Go(func() {
			p := newPresenter()
			err := index.Guard(func() error {
				for ctx.Err() == nil {
					from := int(next.Add(presentRun)) - presentRun
					if from >= len(refs) {
						return nil
					}
					if err := part(p, from, min(from+presentRun, len(refs))); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
