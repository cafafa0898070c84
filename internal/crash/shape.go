package crash

import "strings"

// Shape is what a line is by its form alone, wherever it stands: a driver may
// print a call trace too.
type Shape uint8

const (
	// ShapeText is a message, as far as its form tells.
	ShapeText Shape = iota
	// ShapeTrace is the heading or a frame of a call trace, or where the processor was.
	ShapeTrace
	// ShapeRegisters is registers with their values.
	ShapeRegisters
	// ShapeCode is the bytes around the program counter.
	ShapeCode
	// ShapeHead is what a dump begins with: processor, task, modules.
	ShapeHead
	// ShapePart is anything else that belongs to a report if there is one around
	// it: alone, it may be any message.
	ShapePart
	// ShapeEnd is the last line of a report.
	ShapeEnd
)

// ShapeOf says what a line is by its form. The headline of a report is text.
func ShapeOf(text string) Shape {
	switch l := parseLine(text); l.kind {
	case lineFrame:
		return ShapeTrace
	case lineHeading:
		if l.heading == headCall {
			return ShapeTrace
		}
		return ShapePart
	case linePC:
		if l.frame.Function != "" {
			return ShapeTrace
		}
		return ShapePart
	case lineRegisters:
		if len(registers(text)) > 1 {
			return ShapeRegisters
		}
		return ShapePart
	case lineCode:
		return ShapeCode
	case lineCPU:
		if strings.Contains(text, " PID: ") {
			return ShapeHead
		}
		return ShapePart
	case lineEnd:
		return ShapeEnd
	case lineText:
		return ShapeText
	case linePart:
		if _, ok := Headline(text); ok {
			return ShapeText
		}
		if strings.HasPrefix(text, "Modules linked in:") {
			return ShapeHead
		}
	}
	return ShapePart
}
