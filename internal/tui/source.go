package tui

// The source on the right: where the cursor is, and how lines are drawn.

import (
	"sort"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

// sourceView is a file with a cursor in it.
type sourceView struct {
	file *workbench.SourceFile // nil if there is none
	// spans are those that have been worked out, up to colored.
	spans   []workbench.TextSpan
	colored int
	outline []workbench.OutlineItem
	unbuilt []workbench.LineRange

	line, col int // of the cursor: line from 1, byte of it
	want      int // the column that moving up and down keeps to
	top       int // the first line that is seen
	skip      int // how many rows of it are not, when lines are wrapped
	left      int // how many columns are not seen, when they are not
	wrap      bool
	mark      int // a line that is lit up, 0 for none
	search    string

	width, height int
}

// maxLine is how many bytes of a line are shown.
const maxLine = 64 << 10

// show shows a file, with the cursor at its beginning.
func (v *sourceView) show(f *workbench.SourceFile, spans []workbench.TextSpan) {
	if v.file != nil && v.file.Path != f.Path {
		v.outline, v.unbuilt = nil, nil
	}
	v.file, v.spans, v.colored = f, spans, f.Colored()
	v.line, v.col, v.want, v.top, v.skip, v.left, v.mark = 1, 0, 0, 1, 0, 0, 0
}

// text is a line as far as it is shown.
func (v *sourceView) text(line int) string {
	b, _ := v.file.Line(line)
	return string(b[:min(len(b), maxLine)])
}

// goTo puts the cursor somewhere, in the upper third of the window unless it is
// seen already.
func (v *sourceView) goTo(p place) {
	if v.file == nil {
		return
	}
	v.line = max(1, min(p.line, v.file.Lines()))
	v.col = p.col
	text := v.text(v.line)
	if p.name != "" {
		v.col = wordIn(text, p.name)
	}
	if v.col <= 0 {
		v.col = len(text) - len(strings.TrimLeft(text, " \t"))
	}
	v.setCol(v.col)
	if v.line < v.top || v.line >= v.top+v.height-1 {
		v.top, v.skip = max(1, v.line-v.height/3), 0
	}
	v.fit()
}

// wordIn is where a name stands in a line, -1 if nowhere.
func wordIn(line, name string) int {
	for at := 0; ; {
		i := strings.Index(line[at:], name)
		if i < 0 {
			return -1
		}
		i += at
		end := i + len(name)
		if (i == 0 || !isWord(line[i-1])) && (end == len(line) || !isWord(line[end])) {
			return i
		}
		at = i + 1
	}
}

func isWord(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b >= 0x80
}

// column is the column of a byte of a line.
func column(line string, col int) int {
	line = line[:min(col, len(line))]
	n := 0
	for i := range len(line) {
		switch b := line[i]; {
		case b == '\t':
			n += tabStop - n%tabStop
		case b >= ' ' && b < 0x7f:
			n++
		default:
			n = 0
			for _, c := range appendCells(nil, line, 1<<30) {
				n += c.width
			}
			return n
		}
	}
	return n
}

// byteAt is the byte that has a column, or the last one.
func byteAt(line string, col int) int {
	cells := appendCells(nil, line, col+1)
	n := 0
	for i := range cells {
		if n += cells[i].width; n > col {
			return cells[i].off
		}
	}
	if len(cells) > 0 {
		return cells[len(cells)-1].off
	}
	return 0
}

// setCol moves the cursor in its line, and remembers the column.
func (v *sourceView) setCol(col int) {
	line := v.text(v.line)
	col = max(0, min(col, len(line)-1))
	for col > 0 && line[col]&0xc0 == 0x80 {
		col--
	}
	v.col = max(0, col)
	v.want = column(line, v.col)
}

// step moves the cursor by characters.
func (v *sourceView) step(by int) {
	line := v.text(v.line)
	col := v.col + by
	for by > 0 && col < len(line) && line[col]&0xc0 == 0x80 {
		col++
	}
	v.setCol(col)
}

// down moves the cursor by lines and keeps its column.
func (v *sourceView) down(by int) {
	v.line = max(1, min(v.line+by, v.file.Lines()))
	v.col = byteAt(v.text(v.line), v.want)
}

// page moves window and cursor.
func (v *sourceView) page(by int) {
	v.top = max(1, min(v.top+by, v.file.Lines()))
	v.skip = 0
	v.down(by)
}

// nextName moves to the next name, or the one before.
func (v *sourceView) nextName(by int) {
	line, col := v.line, v.col
	for range 1000 {
		text := v.text(line)
		for i := col + by; i >= 0 && i < len(text); i += by {
			if isWord(text[i]) && (i == 0 || !isWord(text[i-1])) && (text[i] < '0' || text[i] > '9') {
				v.line = line
				v.setCol(i)
				return
			}
		}
		if line += by; line < 1 || line > v.file.Lines() {
			return
		}
		if col = -1; by < 0 {
			col = len(v.text(line))
		}
	}
}

// name is the identifier that the cursor is on, "" if there is none.
func (v *sourceView) name() string {
	if v.file == nil {
		return ""
	}
	line := v.text(v.line)
	from, to := min(v.col, len(line)), min(v.col, len(line))
	for from > 0 && isWord(line[from-1]) {
		from--
	}
	for to < len(line) && isWord(line[to]) {
		to++
	}
	if from == to || line[from] >= '0' && line[from] <= '9' {
		return ""
	}
	return line[from:to]
}

// here is where the cursor is.
func (v *sourceView) here() (place, bool) {
	if v.file == nil {
		return place{}, false
	}
	return place{path: v.file.Path, line: v.line, col: v.col}, true
}

// symbol is the innermost definition around a line, nil if there is none.
func (v *sourceView) symbol(line int) *workbench.OutlineItem {
	var found *workbench.OutlineItem
	for i := range v.outline {
		it := &v.outline[i]
		if int(it.Start) > line {
			break
		}
		if int(it.End) >= line && it.End > it.Start && it.Kind != "member" {
			found = it
		}
	}
	return found
}

// nextSymbol moves to the next definition that is not inside of another.
func (v *sourceView) nextSymbol(by int) {
	best := 0
	for i := range v.outline {
		it := &v.outline[i]
		if it.Depth > 0 || it.End == it.Start {
			continue
		}
		if at := int(it.Line); by > 0 && at > v.line && (best == 0 || at < best) || by < 0 && at < v.line && at > best {
			best = at
		}
	}
	if best > 0 {
		v.goTo(place{line: best})
	}
}

// find moves to the next line that has the text searched for, and reports whether
// there is one. Without upper-case letters, case does not count.
func (v *sourceView) find(by int, from int) bool {
	if v.file == nil || v.search == "" {
		return false
	}
	n := v.file.Lines()
	for i := range n {
		line := (from-1+by*i%n+n)%n + 1
		if at := v.match(v.text(line)); at >= 0 {
			v.goTo(place{line: line, col: at})
			return true
		}
	}
	return false
}

// match is where a line has what is searched for, -1 if nowhere.
func (v *sourceView) match(line string) int {
	if v.search != strings.ToLower(v.search) {
		return strings.Index(line, v.search)
	}
	for i := 0; i+len(v.search) <= len(line); i++ {
		n := 0
		for n < len(v.search) && lower(line[i+n]) == lower(v.search[n]) {
			n++
		}
		if n == len(v.search) {
			return i
		}
	}
	return -1
}

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
}

// gutter is how many columns line numbers take.
func (v *sourceView) gutter() int {
	if v.file == nil || v.width < 30 {
		return 0
	}
	return max(4, len(strconv.Itoa(v.file.Lines()))) + 1
}

// rowsOf is how many rows a line takes.
func (v *sourceView) rowsOf(line int) int {
	if !v.wrap {
		return 1
	}
	text := v.text(line)
	return max(1, (column(text, len(text))+v.columns()-1)/v.columns())
}

// columns is how many columns text has.
func (v *sourceView) columns() int { return max(1, v.width-v.gutter()) }

// fit brings the cursor into the window.
func (v *sourceView) fit() {
	if v.file == nil || v.height <= 0 {
		return
	}
	v.line = max(1, min(v.line, v.file.Lines()))
	v.top = max(1, min(v.top, v.file.Lines()))
	text := v.text(v.line)
	at := column(text, v.col)
	if !v.wrap {
		v.skip = 0
		v.top = max(min(v.top, v.line), v.line-v.height+1)
		// Some columns beside the cursor are seen too.
		w := v.columns()
		margin := min(8, w/4)
		if at < v.left+margin {
			v.left = max(0, at-margin)
		}
		if at >= v.left+w-margin {
			v.left = at - w + margin + 1
		}
		if at+margin < w {
			v.left = 0
		}
		return
	}
	v.left = 0
	row := at / v.columns()
	if v.line < v.top || v.line == v.top && row < v.skip {
		v.top, v.skip = v.line, row
	}
	v.top = max(v.top, v.line-v.height)
	above := row - v.skip
	for l := v.top; l < v.line; l++ {
		above += v.rowsOf(l)
	}
	for above >= v.height {
		if v.skip++; v.skip >= v.rowsOf(v.top) && v.top < v.line {
			v.top, v.skip = v.top+1, 0
		}
		above--
	}
}

// bottom is the last byte that can be seen.
func (v *sourceView) bottom() int {
	_, off := v.file.Line(min(v.top+v.height, v.file.Lines()+1))
	return off
}

// sourceRow is a row of the window.
type sourceRow struct {
	line int // 0 behind the end
	from int // its first column
}

// layout says which part of which line is in each row of the window.
func (v *sourceView) layout() []sourceRow {
	rows := make([]sourceRow, 0, v.height)
	for line, skip := v.top, v.skip; len(rows) < v.height; line, skip = line+1, 0 {
		if v.file == nil || line > v.file.Lines() {
			rows = append(rows, sourceRow{})
			continue
		}
		for i := skip; i < v.rowsOf(line) && len(rows) < v.height; i++ {
			rows = append(rows, sourceRow{line, v.left + i*v.columns()})
		}
	}
	return rows
}

// colors are the styles of the classes of text.
var colors = [...]style{
	workbench.ClassPlain: plain, workbench.ClassComment: cyan, workbench.ClassString: green, workbench.ClassNumber: green,
	workbench.ClassKeyword: yellow, workbench.ClassType: yellow, workbench.ClassDirective: magenta,
	workbench.ClassFunction: bold, workbench.ClassVariable: magenta,
}

// drawRow draws a row. It returns the column of the cursor, or -1 if it is not in
// the row.
func (v *sourceView) drawRow(r *row, at sourceRow) int {
	if at.line == 0 {
		if v.file != nil {
			r.put(faint, "~")
		}
		return -1
	}
	out := v.isUnbuilt(at.line)
	if at.line == v.mark {
		r.under = reverse
	}
	if g := v.gutter(); g > 0 {
		if at.from == v.left {
			number := strconv.Itoa(at.line)
			s := faint
			if at.line == v.line {
				s = yellow | bold
			}
			r.fill(g - 1 - len(number))
			r.put(s, number)
		}
		r.fill(g)
	}
	text := v.text(at.line)
	_, base := v.file.Line(at.line)
	cells := appendCells(nil, text, at.from+v.columns())
	hits := v.hits(text)
	span := sort.Search(len(v.spans), func(i int) bool { return int(v.spans[i].End) > base })
	col, cursor := 0, -1
	if len(cells) == 0 && at.line == v.line {
		cursor = r.col
	}
	for i := range cells {
		c := &cells[i]
		col += c.width
		if col <= at.from {
			continue
		}
		if at.line == v.line && v.col >= c.off && v.col < c.end && cursor < 0 && r.left() > 0 {
			cursor = r.col
		}
		if part := col - at.from; part < c.width { // it begins left of the window
			r.fill(r.col + part)
			continue
		}
		s := plain
		for span < len(v.spans) && int(v.spans[span].End) <= base+c.off {
			span++
		}
		if span < len(v.spans) && int(v.spans[span].Off) <= base+c.off {
			s = colors[v.spans[span].Class]
		}
		if c.spelled {
			s = red | bold
		}
		if out {
			s = faint
		}
		for len(hits) > 0 && hits[0] <= c.off-len(v.search) {
			hits = hits[1:]
		}
		if len(hits) > 0 && c.off >= hits[0] {
			s ^= reverse
		}
		r.putCell(s, c)
	}
	return cursor
}

// hits is where in a line what is searched for stands.
func (v *sourceView) hits(text string) []int {
	if v.search == "" {
		return nil
	}
	var list []int
	for at := 0; at < len(text); {
		i := v.match(text[at:])
		if i < 0 {
			break
		}
		list = append(list, at+i)
		at += i + len(v.search)
	}
	return list
}

// isUnbuilt reports whether the lens leaves out a line.
func (v *sourceView) isUnbuilt(line int) bool {
	i := sort.Search(len(v.unbuilt), func(i int) bool { return int(v.unbuilt[i].Last) >= line })
	return i < len(v.unbuilt) && int(v.unbuilt[i].First) <= line
}
