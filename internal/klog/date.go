package klog

// This file reads the time stamps that capture tools and log daemons put in
// front of a line, without their brackets. All scanners take the bytes from
// the stamp's start and return the number of bytes they used, 0 for no stamp.

const (
	second = int64(1e9)
	day    = 86400 * second
)

// scanDate reads a stamp of any known form.
func scanDate(c []byte) (ns int64, clock Clock, n int) {
	if len(c) < len("15:00:00") {
		return 0, ClockNone, 0
	}
	switch {
	case isDigit(c[0]):
		switch {
		case c[2] == ':':
			ns, n = scanClock(c)
			return ns, ClockDay, n
		case c[4] == '-' || c[4] == '/':
			ns, n = scanISO(c)
			return ns, ClockWall, n
		case c[2] == '-':
			ns, n = scanLogcat(c)
			return ns, ClockYearless, n
		}
		ns, n = scanEpoch(c)
		return ns, ClockWall, n
	case c[0] >= 'A' && c[0] <= 'Z' && c[3] == ' ':
		if m := scanMonth(c); m > 0 {
			ns, n = scanMonthDay(c, m)
			return ns, ClockYearless, n
		}
		if isWeekday(c) {
			ns, n = scanWeekday(c)
			return ns, ClockWall, n
		}
	}
	return 0, ClockNone, 0
}

// scanClock reads "15:04:05", with a fraction behind '.', ',' or (in
// milliseconds) ':'.
func scanClock(c []byte) (ns int64, n int) {
	if len(c) < 8 || c[2] != ':' || c[5] != ':' {
		return 0, 0
	}
	h, ok1 := digits2(c)
	m, ok2 := digits2(c[3:])
	s, ok3 := digits2(c[6:])
	if !ok1 || !ok2 || !ok3 || m > 59 || s > 60 {
		return 0, 0
	}
	ns = (int64(h)*3600 + int64(m)*60 + int64(s)) * second
	n = 8
	if n < len(c) && (c[n] == '.' || c[n] == ',' || c[n] == ':' && fractionLen(c[n+1:]) == 3) {
		if f := fractionLen(c[n+1:]); f > 0 {
			ns += fraction(c[n+1 : n+1+f])
			n += 1 + f
		}
	}
	return ns, n
}

// scanISO reads "2026-11-22T15:04:05" in its variants: a blank or T in the
// middle, slashes, a fraction, a zone.
func scanISO(c []byte) (ns int64, n int) {
	if len(c) < 19 || c[7] != c[4] || c[10] != 'T' && c[10] != ' ' && c[10] != '_' {
		return 0, 0
	}
	y1, ok1 := digits2(c)
	y2, ok2 := digits2(c[2:])
	mo, ok3 := digits2(c[5:])
	d, ok4 := digits2(c[8:])
	if !ok1 || !ok2 || !ok3 || !ok4 || !isYear(y1*100+y2) || mo < 1 || mo > 12 || d < 1 || d > 31 {
		return 0, 0
	}
	tod, k := scanClock(c[11:])
	if k == 0 {
		return 0, 0
	}
	n = 11 + k
	off, k := scanZone(c[n:])
	return daysSince1970(y1*100+y2, mo, d)*day + tod - off, n + k
}

// scanZone reads "Z", "+01:00", "+0100", or one of them or "UTC" behind a
// blank.
func scanZone(c []byte) (off int64, n int) {
	i := 0
	if len(c) > 1 && c[0] == ' ' && (c[1] == '+' || c[1] == '-' || c[1] == 'U') {
		i++
	}
	if i >= len(c) {
		return 0, 0
	}
	switch c[i] {
	case 'Z':
		return 0, i + 1
	case 'U':
		if len(c) >= i+3 && c[i+1] == 'T' && c[i+2] == 'C' {
			return 0, i + 3
		}
	case '+', '-':
		if len(c) < i+5 {
			return 0, 0
		}
		h, ok1 := digits2(c[i+1:])
		j := i + 3
		if c[j] == ':' {
			j++
		}
		if len(c) < j+2 {
			return 0, 0
		}
		m, ok2 := digits2(c[j:])
		if !ok1 || !ok2 {
			return 0, 0
		}
		off = int64(h*60+m) * 60 * second
		if c[i] == '-' {
			off = -off
		}
		return off, j + 2
	}
	return 0, 0
}

// scanMonthDay reads "Nov 22 15:04:05" of month m.
func scanMonthDay(c []byte, m int) (ns int64, n int) {
	if len(c) < 15 || c[6] != ' ' {
		return 0, 0
	}
	d := 0
	if c[4] == ' ' {
		if !isDigit(c[5]) {
			return 0, 0
		}
		d = int(c[5] - '0')
	} else if v, ok := digits2(c[4:]); ok {
		d = v
	}
	tod, k := scanClock(c[7:])
	if d < 1 || d > 31 || k == 0 {
		return 0, 0
	}
	return dayOfLeapYear(m, d)*day + tod, 7 + k
}

// scanWeekday reads "Sun Nov 22 15:04:05 2026", also with a zone before the
// year, and "Sun 2026-11-22 15:04:05 UTC". The weekday has been seen.
func scanWeekday(c []byte) (ns int64, n int) {
	if len(c) < 24 {
		return 0, 0
	}
	if isDigit(c[4]) {
		if ns, n = scanISO(c[4:]); n == 0 {
			return 0, 0
		}
		n += 4
		// "CET" and the like: the abbreviation does not say the offset.
		if k := zoneNameLen(c[n:]); k > 0 {
			n += k
		}
		return ns, n
	}
	m := scanMonth(c[4:])
	if m == 0 {
		return 0, 0
	}
	ns, n = scanMonthDay(c[4:], m)
	if n == 0 {
		return 0, 0
	}
	n += 4
	n += zoneNameLen(c[n:])
	if len(c) < n+5 || c[n] != ' ' {
		return 0, 0
	}
	y1, ok1 := digits2(c[n+1:])
	y2, ok2 := digits2(c[n+3:])
	y, d := y1*100+y2, int(c[9]-'0')
	if !ok1 || !ok2 || !isYear(y) {
		return 0, 0
	}
	if c[8] != ' ' {
		d += 10 * int(c[8]-'0')
	}
	tod := ns - dayOfLeapYear(m, d)*day
	return daysSince1970(y, m, d)*day + tod, n + 5
}

// zoneNameLen is the length of a blank and a zone abbreviation (" CEST").
func zoneNameLen(c []byte) int {
	if len(c) == 0 || c[0] != ' ' {
		return 0
	}
	i := 1
	for i < len(c) && c[i] >= 'A' && c[i] <= 'Z' {
		i++
	}
	if i < 4 || i > 6 {
		return 0
	}
	return i
}

// scanEpoch reads seconds since 1970 with a fraction: "1795359600.123456".
func scanEpoch(c []byte) (ns int64, n int) {
	if len(c) < 12 || c[10] != '.' {
		return 0, 0
	}
	for i := range 10 {
		if !isDigit(c[i]) {
			return 0, 0
		}
		ns = ns*10 + int64(c[i]-'0')
	}
	f := fractionLen(c[11:])
	if f < 3 || ns < 1e9 || ns > 5e9 {
		return 0, 0
	}
	return ns*second + fraction(c[11:11+f]), 11 + f
}

// scanLogcat reads the front of Android's log, up to its tag:
// "11-22 15:04:05.123     0     0 I kernel  : ".
func scanLogcat(c []byte) (ns int64, n int) {
	if len(c) < 18 || c[5] != ' ' {
		return 0, 0
	}
	mo, ok1 := digits2(c)
	d, ok2 := digits2(c[3:])
	tod, k := scanClock(c[6:])
	if !ok1 || !ok2 || k < 12 || mo < 1 || mo > 12 || d < 1 || d > 31 {
		return 0, 0
	}
	n = 6 + k
	// Two numbers, a priority letter.
	for range 2 {
		i := n
		for i < len(c) && c[i] == ' ' {
			i++
		}
		j := i
		for j < len(c) && isDigit(c[j]) {
			j++
		}
		if i == n || j == i {
			return 0, 0
		}
		n = j
	}
	if len(c) < n+3 || c[n] != ' ' || !isLetter(c[n+1]) || c[n+2] != ' ' {
		return 0, 0
	}
	return dayOfLeapYear(mo, d)*day + tod, n + 2
}

// scanSeconds reads a decimal number with a point, at least min digits behind
// it, as seconds; blanks may stand before it.
func scanSeconds(c []byte, min int) (ns int64, n int) {
	for n < len(c) && c[n] == ' ' {
		n++
	}
	d := n
	for n < len(c) && isDigit(c[n]) && n-d < 10 {
		ns = ns*10 + int64(c[n]-'0')
		n++
	}
	if n == d || n >= len(c) || c[n] != '.' || ns > 5e9 {
		return 0, 0
	}
	f := fractionLen(c[n+1:])
	if f < min {
		return 0, 0
	}
	return ns*second + fraction(c[n+1:n+1+f]), n + 1 + f
}

// fractionLen is the number of digits at the start of c, if there are not too
// many for a fraction of a second.
func fractionLen(c []byte) int {
	i := 0
	for i < len(c) && isDigit(c[i]) {
		i++
	}
	if i > 9 {
		return 0
	}
	return i
}

// fraction is the value in nanoseconds of up to nine digits behind a point.
func fraction(c []byte) int64 {
	var v int64
	for _, b := range c {
		v = v*10 + int64(b-'0')
	}
	for range 9 - len(c) {
		v *= 10
	}
	return v
}

// isYear bounds years to those that fit into nanoseconds since 1970.
func isYear(y int) bool { return y >= 1970 && y < 2200 }

// digits2 is the value of two digits at the start of c.
func digits2(c []byte) (int, bool) {
	if !isDigit(c[0]) || !isDigit(c[1]) {
		return 0, false
	}
	return int(c[0]-'0')*10 + int(c[1]-'0'), true
}

const (
	monthNames   = "JanFebMarAprMayJunJulAugSepOctNovDec"
	weekdayNames = "SunMonTueWedThuFriSat"
)

// scanMonth is the number of the month whose English abbreviation starts c, or 0.
func scanMonth(c []byte) int { return 1 + abbreviation(monthNames, c) }

func isWeekday(c []byte) bool { return abbreviation(weekdayNames, c) >= 0 }

func abbreviation(names string, c []byte) int {
	if len(c) < 3 {
		return -1
	}
	for i := 0; i < len(names); i += 3 {
		if names[i] == c[0] && names[i+1] == c[1] && names[i+2] == c[2] {
			return i / 3
		}
	}
	return -1
}

// dayOfLeapYear counts from 0, on 1 January of a leap year.
func dayOfLeapYear(month, day int) int64 {
	return daysSince1970(1972, month, day) - 2*365
}

// daysSince1970 counts days in the Gregorian calendar. March is taken as the
// first month, so that the leap day comes last.
func daysSince1970(year, month, day int) int64 {
	y, m := int64(year), int64(month)-3
	if m < 0 {
		m += 12
		y--
	}
	era := y / 400
	yoe := y - era*400
	doy := (153*m+2)/5 + int64(day) - 1
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468
}
