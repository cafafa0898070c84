package pattern

import (
	"bytes"
	"strings"
	"testing"
)

// compileOne returns a set of the one format; a newline at its end makes it
// closed, as in the kernel.
func compileOne(t testing.TB, format string) *Set {
	t.Helper()
	b := NewBuilder(1)
	addFormat(t, b, format)
	return openBuilt(t, b)
}

func addFormat(t testing.TB, b *Builder, format string) PatternID {
	t.Helper()
	elems, err := ParseFormat([]byte(format))
	if err != nil {
		t.Fatal(err)
	}
	return b.Add(elems, !strings.HasSuffix(format, "\n"))
}

func openBuilt(t testing.TB, b *Builder) *Set {
	t.Helper()
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	s, err := Open(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// matchTests has for each format texts it can print, with the captures joined
// by "|", and texts it cannot ("!" in front).
var matchTests = []struct {
	format string
	texts  []string // text, captures, text, captures...
	never  []string
}{
	{"hello\n", []string{"hello", "", "hello  ", ""}, []string{"hell", "helloo", " hello"}},
	{"100%% sure\n", []string{"100% sure", ""}, nil},
	{"\tindented\n", []string{"\tindented", ""}, []string{"indented"}},
	{"state: %s\n", []string{"state: on", "on", "state:", "", "state: ", "", "state: a b", "a b"}, []string{"state", "stat: on"}},
	{"%s: %s\n", []string{"a: b: c", "a|b: c"}, []string{"ab"}},
	{"%s %s: link up\n", []string{"e1000e 0000:00:02.0: link up", "e1000e|0000:00:02.0"}, []string{"e1000e: link down"}},
	{"a %-5s|\n", []string{"a on   |", "on", "a longer|", "longer"}, []string{"a on|"}},
	{"a %5s|\n", []string{"a    on|", "on"}, []string{"a on|"}},
	{"a %.3s|\n", []string{"a abc|", "abc", "a |", ""}, []string{"a abcd|"}},
	{"a %-8s\n", []string{"a on      ", "on", "a on", "on"}, nil},
	{"%c%c%c x\n", []string{"abc x", "a|b|c", "a x", "a||", " x", "||"}, []string{"abcd x"}},

	{
		"n=%d\n",
		[]string{"n=0", "0", "n=-5", "-5", "n=2147483647", "2147483647", "n=-2147483648", "-2147483648"},
		[]string{"n=", "n=+5", "n=05", "n=2147483648", "n=12345678901", "n=5x", "n= 5", "n=-2147483649"},
	},
	{"n=%u\n", []string{"n=4294967295", "4294967295"}, []string{"n=-1", "n=4294967296"}},
	{"n=%lu\n", []string{"n=18446744073709551615", "18446744073709551615"}, []string{"n=18446744073709551616"}},
	{"n=%hhu\n", []string{"n=255", "255"}, []string{"n=256"}},
	{"n=%hd\n", []string{"n=-32768", "-32768"}, []string{"n=32768"}},
	{"n=%+d\n", []string{"n=+5", "+5", "n=-5", "-5"}, []string{"n=5"}},
	{"n=% d\n", []string{"n= 5", " 5", "n=-5", "-5"}, []string{"n=5"}},
	{"n=%4d|\n", []string{"n=   5|", "5", "n=12345|", "12345", "n=  -5|", "-5"}, []string{"n=5|", "n=  5|", "n=    5|"}},
	{"n=%-4d|\n", []string{"n=5   |", "5", "n=12345|", "12345"}, []string{"n=5|", "n=5     |"}},
	{"n=%04d|\n", []string{"n=0005|", "0005", "n=12345|", "12345", "n=-005|", "-005"}, []string{"n=5|", "n=00005|", "n=   5|"}},
	{"n=%.4d|\n", []string{"n=0005|", "0005"}, []string{"n=5|"}},
	{"n=%*d|\n", []string{"n=   5|", "5", "n=5|", "5"}, nil},
	{"n=%x\n", []string{"n=dead", "dead", "n=0", "0"}, []string{"n=DEAD", "n=0xdead", "n=00ff", "n=123456789"}},
	{"n=%X\n", []string{"n=DEAD", "DEAD"}, []string{"n=dead"}},
	{"n=%#x\n", []string{"n=0xdead", "0xdead", "n=0x0", "0x0"}, []string{"n=dead"}},
	{"n=%#X\n", []string{"n=0XDEAD", "0XDEAD"}, nil},
	{"n=%08x\n", []string{"n=0000dead", "0000dead"}, []string{"n=dead", "n=000dead"}},
	{"n=%#010x\n", []string{"n=0x0000dead", "0x0000dead"}, []string{"n=0xdead"}},
	{"n=%#018Lx\n", []string{"n=0x00000000000fffff", "0x00000000000fffff"}, nil},
	{"n=%llx\n", []string{"n=ffffffffffffffff", "ffffffffffffffff"}, nil},
	{"n=%#o\n", []string{"n=0755", "0755", "n=0", "0"}, []string{"n=0758"}},
	{"%d%s\n", []string{"123abc", "123|abc"}, nil},
	{"%d%d!\n", []string{"123!", "12|3"}, nil},
	{"%d0 end\n", []string{"120 end", "12"}, nil},
	{"%x%x%x%x%x%x%x%x%x%x\n", []string{"0123456789", "0|1|2|3|4|5|6|7|8|9"}, nil},

	{"p %p\n", []string{
		"p 00000000deadbeef", "00000000deadbeef", "p deadbeef", "deadbeef", "p (____ptrval____)", "(____ptrval____)",
		"p (ptrval)", "(ptrval)", "p           (null)", "(null)",
	}, []string{"p dead", "p 0xdeadbeef", "p DEADBEEF"}},
	{"p %#p\n", []string{"p 0x00000000beefca", "0x00000000beefca", "p 0x00000000deadbeef", "0x00000000deadbeef"}, nil},
	{"p %5p|\n", []string{"p  beef|", "beef", "p deadbeef|", "deadbeef"}, []string{"p beef|"}},
	{"p %08p|\n", []string{"p 0000beef|", "0000beef"}, []string{"p 00beef|"}},
	{"p %pK %px\n", []string{"p 00000000deadbeef ffff888012345678", "00000000deadbeef|ffff888012345678"}, nil},
	{
		"at %pS\n",
		[]string{
			"at foo+0x1/0x20", "foo+0x1/0x20", "at foo+0x1/0x20 [bar_baz]", "foo+0x1/0x20 [bar_baz]",
			"at 0xffffffffc0001234", "0xffffffffc0001234", "at f.isra.0+0x1/0x2 [m ed5019fdf5e53be37cb1]", "f.isra.0+0x1/0x2 [m ed5019fdf5e53be37cb1]",
		},
		[]string{"at foo", "at foo+1"},
	},
	{"%ps: bad\n", []string{"do_foo: bad", "do_foo", "do_foo [mod]: bad", "do_foo [mod]"}, []string{": bad", "a b: bad"}},
	{"in %ps.\n", []string{"in do_foo.", "do_foo"}, nil},
	{
		"res %pR ok\n",
		[]string{
			"res [mem 0xfebc0000-0xfebdffff 64bit pref] ok", "[mem 0xfebc0000-0xfebdffff 64bit pref]",
			"res [io  0x0cf8-0x0cff] ok", "[io  0x0cf8-0x0cff]", "res [bus 00-ff] ok", "[bus 00-ff]",
			"res [??? 0x00000000 flags 0x0] ok", "[??? 0x00000000 flags 0x0]", "res [irq 5] ok", "[irq 5]", "res (null) ok", "(null)",
		},
		[]string{"res [foo] ok", "res mem ok"},
	},
	{"mac %pM\n", []string{"mac 00:11:22:aa:bb:cc", "00:11:22:aa:bb:cc", "mac (efault)", "(efault)"}, []string{"mac 00:11:22:aa:bb", "mac 00-11-22-aa-bb-cc"}},
	{"mac %pMF\n", []string{"mac 00-11-22-aa-bb-cc", "00-11-22-aa-bb-cc"}, nil},
	{"mac %pm\n", []string{"mac 001122aabbcc", "001122aabbcc"}, nil},
	{"ip %pI4:%u\n", []string{"ip 10.0.2.15:80", "10.0.2.15|80"}, []string{"ip 10.0.2.256:80", "ip 10.0.2:80", "ip 010.000.002.015:80"}},
	{"ip %pi4\n", []string{"ip 010.000.002.015", "010.000.002.015"}, []string{"ip 10.0.2.15"}},
	{"ip %pI6\n", []string{"ip fe80:0000:0000:0000:0001:0002:0003:0004", "fe80:0000:0000:0000:0001:0002:0003:0004"}, []string{"ip fe80::1"}},
	{"ip %pi6\n", []string{"ip fe800000000000000001000200030004", "fe800000000000000001000200030004"}, nil},
	{"ip %pI6c:%d\n", []string{
		"ip fe80::1:80", "fe80::1|80", "ip ::1:80", "::1|80", "ip 1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8|9",
		"ip ::ffff:1.2.3.4:9", "::ffff:1.2.3.4|9",
	}, []string{"ip 1:2:3:4"}},
	{"sa %pISpc|\n", []string{"sa 1.2.3.4:12345|", "1.2.3.4:12345", "sa [fe80::1]:22|", "[fe80::1]:22", "sa (einval)|", "(einval)"}, []string{"sa fe80::1|"}},
	{"sa %pISpfsc|\n", []string{"sa [1:2:3:4:5:6:7:8]:1/2%3|", "[1:2:3:4:5:6:7:8]:1/2%3"}, nil},
	{"sa %pIS|\n", []string{"sa 1.2.3.4|", "1.2.3.4", "sa 0001:0002:0003:0004:0005:0006:0007:0008|", "0001:0002:0003:0004:0005:0006:0007:0008"}, nil},
	{"id %pUb\n", []string{"id 00010203-0405-0607-0809-0a0b0c0d0e0f", "00010203-0405-0607-0809-0a0b0c0d0e0f"}, []string{"id 00010203-0405-0607-0809-0A0B0C0D0E0F"}},
	{"id %pUL\n", []string{"id 00010203-0405-0607-0809-0A0B0C0D0E0F", "00010203-0405-0607-0809-0A0B0C0D0E0F"}, nil},
	{"err %pe\n", []string{"err -ENOENT", "-ENOENT", "err -517", "-517", "err 00000000deadbeef", "00000000deadbeef", "err -E2BIG", "-E2BIG"}, []string{"err ENOENT", "err -foo"}},
	{"phys %pa\n", []string{"phys 0x0000000012345678", "0x0000000012345678", "phys 0x12345678", "0x12345678"}, []string{"phys 0x1234", "phys 12345678"}},
	{"phys %pad, %pap\n", []string{"phys 0x12345678, 0x12345678", "0x12345678|0x12345678"}, nil},
	{"feat %pNF\n", []string{"feat 0x000000000000c000", "0x000000000000c000"}, nil},
	{"b %*ph done\n", []string{"b 00 01 02 done", "00 01 02", "b 00 done", "00", "b  done", ""}, []string{"b 0 done"}},
	{"b %4ph\n", []string{"b 00 01 02 03", "00 01 02 03"}, []string{"b 00 01 02"}},
	{"b %*phC\n", []string{"b 00:01", "00:01"}, []string{"b 00-01"}},
	{"b %*phD\n", []string{"b 00-01", "00-01"}, nil},
	{"b %*phN\n", []string{"b 0001ff", "0001ff"}, []string{"b 0001f"}},
	{"b %ph\n", []string{"b 7f", "7f"}, []string{"b 7f 80"}},
	{"cpus %*pb\n", []string{"cpus ff,ffffffff", "ff,ffffffff", "cpus 0779", "0779"}, nil},
	{"cpus %*pbl up\n", []string{"cpus 0,3-6,8-10 up", "0,3-6,8-10", "cpus  up", ""}, nil},
	{"esc \"%*pE\"\n", []string{`esc "\eb \C"`, `\eb \C`}, nil},
	{"dev %pg: ro\n", []string{"dev sda1: ro", "sda1"}, []string{"dev a b: ro"}},
	{"file %pd2|\n", []string{"file dir/a file|", "dir/a file"}, nil},
	{"clk %pC on\n", []string{"clk pll1 on", "pll1"}, nil},
	{"flags %pGp\n", []string{"flags 0x17ffffc0002036(referenced|node=0)", "0x17ffffc0002036(referenced|node=0)"}, []string{"flags 0x17"}},
	{"gfp %pGg|\n", []string{"gfp GFP_USER|GFP_DMA32|", "GFP_USER|GFP_DMA32"}, nil},
	{"%pOF: no clock\n", []string{"/soc/i2c@48072000:10: no clock", "/soc/i2c@48072000:10"}, []string{"a b: no clock"}},
	{"%pfwP: x\n", []string{"endpoint@0: x", "endpoint@0"}, nil},
	{"time %ptR UTC\n", []string{"time 2024-01-31T23:59:59 UTC", "2024-01-31T23:59:59"}, []string{"time 2024-01-31 23:59:59 UTC"}},
	{"time %ptTs\n", []string{"time 2024-01-31 23:59:59", "2024-01-31 23:59:59"}, nil},
	{"time %ptRd %ptRt\n", []string{"time 2024-01-31 23:59:59", "2024-01-31|23:59:59"}, nil},
	{"fmt %p4cc\n", []string{"fmt BG12 little-endian (0x32314742)", "BG12 little-endian (0x32314742)"}, []string{"fmt BG12"}},
	{"%pV", []string{"whatever it is", "whatever it is"}, nil},
	{"new %pZz here\n", []string{"new thing here", "thing"}, nil},

	{"float %f bar\n", []string{"float", "", "float ", "", "float %f bar", ""}, []string{"float 1.0 bar"}},
	{"full at 50%\n", []string{"full at 50", "", "full at 50%", ""}, nil},
	{"%s%s%s: %s%s\n", []string{"abc: def", "||abc||def"}, nil},
}

func TestMatch(t *testing.T) {
	var caps Captures
	for _, tt := range matchTests {
		s := compileOne(t, tt.format)
		m := s.NewMatcher()
		for i := 0; i < len(tt.texts); i += 2 {
			text := []byte(tt.texts[i])
			if !m.Match(0, text, &caps) || !caps.Whole {
				t.Errorf("%q does not match %q", tt.format, text)
				continue
			}
			var got []string
			for _, sp := range caps.Spans {
				got = append(got, string(sp.Text(text)))
			}
			if g := strings.Join(got, "|"); g != tt.texts[i+1] {
				t.Errorf("%q on %q: captures %q, want %q", tt.format, text, g, tt.texts[i+1])
			}
			if caps.End != len(text) {
				t.Errorf("%q on %q: end %d", tt.format, text, caps.End)
			}
		}
		for _, text := range tt.never {
			if m.Match(0, []byte(text), nil) {
				t.Errorf("%q matches %q", tt.format, text)
			}
		}
	}
}

func TestOpenEnded(t *testing.T) {
	for _, tt := range []struct {
		format, text string
		ok, whole    bool
		end, minEnd  int
		free         bool
	}{
		{"foo: ", "foo: bar", true, false, 5, 5, false},
		{"foo: ", "foo:", true, true, 4, 4, false},
		{"foo %d", "foo 12 bar", true, false, 6, 6, false},
		{"foo %d", "foo 12", true, true, 6, 6, false},
		{"foo %s", "foo bar baz", true, true, 11, 4, true},
		{"foo %s baz", "foo bar bazaar", true, false, 11, 11, false},
		{"%*phC", "foo", false, false, 0, 0, false},
		{"foo", "fo", false, false, 0, 0, false},
		{"foo\n", "foobar", false, false, 0, 0, false},
	} {
		s := compileOne(t, tt.format)
		var c Captures
		ok := s.NewMatcher().Match(0, []byte(tt.text), &c)
		if ok != tt.ok || ok && (c.Whole != tt.whole || c.End != tt.end || c.MinEnd != tt.minEnd || c.FreeEnd != tt.free) {
			t.Errorf("%q on %q: %v %+v", tt.format, tt.text, ok, c)
		}
	}
}
