package cli

import (
	"errors"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"time"

	"dekho/internal/workbench"
)

// meter serves --timing, --cpuprofile and --trace.
type meter struct {
	mu      sync.Mutex
	began   time.Time
	timing  bool
	steps   []step
	profile *os.File
	trace   *os.File
}

type step struct {
	name string
	took time.Duration
}

func (m *meter) start(g *globalOptions) error {
	m.began, m.timing = time.Now(), g.timing
	var err error
	if g.cpuProfile != "" {
		if m.profile, err = os.Create(g.cpuProfile); err != nil {
			return &workbench.InputError{Name: g.cpuProfile, Err: err}
		}
		if err := pprof.StartCPUProfile(m.profile); err != nil {
			return err
		}
	}
	if g.traceFile != "" {
		if m.trace, err = os.Create(g.traceFile); err != nil {
			return &workbench.InputError{Name: g.traceFile, Err: err}
		}
		return trace.Start(m.trace)
	}
	return nil
}

// step notes how long a step took.
func (m *meter) step(name string, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.steps = append(m.steps, step{name, took})
}

// stop ends the measurements and reports them.
func (m *meter) stop(tell func(format string, args ...any)) error {
	var err error
	if m.profile != nil {
		pprof.StopCPUProfile()
		err = m.profile.Close()
	}
	if m.trace != nil {
		trace.Stop()
		err = errors.Join(err, m.trace.Close())
	}
	if m.timing {
		for _, s := range m.steps {
			tell("%12.3f ms  %s\n", milliseconds(s.took), s.name)
		}
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		tell("%12.3f ms  total; heap %d MB, %d collections\n", milliseconds(time.Since(m.began)), mem.Sys>>20, mem.NumGC)
	}
	return err
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
