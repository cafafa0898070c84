package crash

import (
	"strconv"
	"strings"
)

// describe fills in what the lines of a report say.
func (o *open) describe() {
	r := o.r
	var stack *Stack
	bare := false // frames without a heading
	end := func() {
		if stack != nil && len(stack.Frames) > 0 {
			r.Stacks = append(r.Stacks, *stack)
		}
		stack = nil
	}
	user := false // the last program counter was one of user space
	r.Fault.Address, r.Fault.Known = faultAddress(r.Headline)
	r.Fault.Access = access(r.Headline)
	for i := range o.lines {
		l := &o.lines[i]
		if i == 0 {
			continue
		}
		switch l.kind {
		case lineHeading:
			end()
			bare = false
			stack = &Stack{Heading: strings.TrimSpace(l.text), Place: l.at}
			continue
		case lineFrame:
			f := l.frame
			f.Place = l.at
			if stack == nil {
				stack, bare = &Stack{Place: l.at}, true
			}
			if l.from == nil {
				stack.Frames = append(stack.Frames, f)
			} else {
				stack.call(f, *l.from, l.at)
			}
			stack.extend(l.at)
			continue
		case linePC:
			// Where a task left user space is not where the kernel failed.
			user = userMode(l.text)
			if r.PC.Line == 0 && !user {
				r.PC = l.frame
				r.PC.Place = l.at
			}
		case lineRegisters:
			if len(r.Registers) < maxRegisters && !user && len(r.Stacks) == 0 && stack == nil {
				r.Registers = append(r.Registers, registers(l.text)...)
			}
		case lineCode:
			if r.Code.Text == "" && !user {
				r.Code = Text{Text: strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(l.text), "Code:")), Place: l.at}
			}
		case lineCPU:
			if r.Release == "" {
				o.cpuLine(l.text)
			}
		case lineHardware:
			if r.Hardware == "" {
				r.Hardware = strings.TrimPrefix(strings.TrimSpace(l.text), "Hardware name: ")
			}
		case lineAt:
			if text := strings.TrimSpace(l.text); strings.HasPrefix(text, "#") {
				lock := Lock{Text: text, At: l.frame, Place: l.at}
				lock.At.Place = l.at
				r.Locks = append(r.Locks, lock)
			}
		}
		if r.Fault.Access == "" {
			r.Fault.Access = access(l.text)
		}
		if bare && l.kind != lineText {
			end()
			bare = false
		}
	}
	end()
	r.placePC()
	if r.CPU < 0 {
		o.headCPU()
	}
	if r.Panicked {
		r.Severity = Fatal
	}
	if o.damaged > 0 && r.Corrupted == "" {
		r.Corrupted = "line " + strconv.Itoa(o.damaged) + " of it is damaged"
	}
	if o.doubled {
		r.Corrupted = "two reports are mixed: it began within another one, and the log does not tell their records apart"
	}
}

// placePC completes where the processor was by the register, which may be all
// that tells, or stand in another line than the symbol.
func (r *Report) placePC() {
	for _, name := range [...]string{"pc", "epc", "sepc"} {
		addr, ok := r.Register(name)
		if !ok || r.PC.Address != 0 {
			continue
		}
		if c := r.CallTrace(); r.PC.Line == 0 && c != nil && c.Frames[0].Address == addr {
			r.PC = c.Frames[0]
		}
		r.PC.Address = addr
	}
	r.bare = r.PC.Function == "" && r.PC.Address != 0
}

// userMode reports whether a line with the program counter of x86 is about user
// space, by the privilege level in its code segment ("RIP: 0033:0x7f...").
func userMode(text string) bool {
	_, rest, _ := strings.Cut(text, "IP: ")
	cs, _, ok := strings.Cut(strings.TrimLeft(rest, " "), ":")
	n, err := strconv.ParseUint(cs, 16, 16)
	return ok && err == nil && n&3 == 3
}

// call adds a line of ARM, which tells a function with its caller: the function is
// the caller of the line before, unless an exception came between.
func (s *Stack) call(f, from Frame, at Place) {
	from.Place = at
	if n := len(s.Frames); n == 0 || s.Frames[n-1].Function != f.Function || s.Frames[n-1].Function == "" && s.Frames[n-1].Address != f.Address {
		s.Frames = append(s.Frames, f)
	}
	s.Frames = append(s.Frames, from)
}

// maxRegisters is more than any architecture prints.
const maxRegisters = 80

// cpuLine reads "CPU: 0 UID: 0 PID: 12 Comm: foo Tainted: G B 6.1.0 #1", as
// dump_stack_print_info prints it.
func (o *open) cpuLine(text string) {
	r := o.r
	text = strings.TrimSpace(text)
	if v, ok := after(text, "CPU: "); ok {
		if n, err := strconv.Atoi(firstWord(v)); err == nil {
			r.CPU = n
		}
	}
	if v, ok := after(text, "PID: "); ok {
		if n, err := strconv.Atoi(firstWord(v)); err == nil {
			r.PID = n
		}
	}
	comm, ok := after(text, "Comm: ")
	if !ok {
		return
	}
	// A task's name may have blanks.
	taint := strings.LastIndex(comm, "Not tainted ")
	if taint < 0 {
		taint = strings.LastIndex(comm, "Tainted: ")
	}
	if taint < 0 {
		r.Comm = comm
		return
	}
	r.Comm = strings.TrimSpace(comm[:taint])
	rest := comm[taint:]
	fields := strings.Fields(rest)
	for i, f := range fields {
		if i > 0 && f[0] >= '0' && f[0] <= '9' && strings.Contains(f, ".") {
			r.Release = f
			r.Taint = strings.Join(fields[:i], " ")
			if id := fields[len(fields)-1]; len(id) == 40 && strings.Trim(id, "0123456789abcdef") == "" {
				r.BuildID = id
			}
			return
		}
	}
	r.Taint = strings.Join(fields, " ")
}

// headCPU takes processor and task from the headline of a warning or a lockup.
func (o *open) headCPU() {
	head := o.r.Headline
	for _, mark := range [...]string{"CPU: ", "CPU#"} {
		if v, ok := after(head, mark); ok {
			digits := 0
			for digits < len(v) && v[digits] >= '0' && v[digits] <= '9' {
				digits++
			}
			if n, err := strconv.Atoi(v[:digits]); err == nil {
				o.r.CPU = n
			}
		}
	}
}

func after(text, mark string) (string, bool) {
	_, rest, ok := strings.Cut(text, mark)
	return rest, ok
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(strings.TrimLeft(s, " "), " ")
	return w
}
