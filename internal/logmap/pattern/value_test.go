package pattern

import (
	"encoding/json"
	"testing"
)

func TestValue(t *testing.T) {
	for _, tt := range []struct{ format, text, want string }{
		{"%d", "-5", "-5"},
		{"% d", " 5", "5"},
		{"%+d", "+5", "5"},
		{"%05d", "-0042", "-42"},
		{"%llu", "18446744073709551615", "18446744073709551615"},
		{"%x", "ff", "255"},
		{"%#x", "0xff", "255"},
		{"%#X", "0XFF", "255"},
		{"%o", "755", "493"},
		{"%c", "x", `"x"`},
		{"%s", "(null)", `"(null)"`},
		{"%s", "text", `"text"`},
		{"%d", "x", "null"},
		{"%p", "00000000deadbeef", `{"address":3735928559,"hashed":true}`},
		{"%p", "0000000000000000", `{"address":0}`},
		{"%p", "(null)", "null"},
		{"%p", "(____ptrval____)", "null"},
		{"%px", "ffff888000000000", `{"address":18446612682070032384}`},
		{"%pS", "foo+0x1/0x20 [mod]", `{"name":"foo","offset":1,"size":32,"module":"mod"}`},
		{"%pS", "foo+0x1/0x20 [mod ed5019fd]", `{"name":"foo","offset":1,"size":32,"module":"mod"}`},
		{"%ps", "foo", `{"name":"foo"}`},
		{"%pS", "0xffffffff81000000", `{"address":18446744071578845184}`},
		{"%pR", "[mem 0xfebc0000-0xfebdffff 64bit pref]", `{"type":"mem","start":4273733632,"end":4273864703,"flags":"64bit pref"}`},
		{"%pR", "[irq 5]", `{"type":"irq","start":5,"end":5}`},
		{"%pR", "[bus 00-ff]", `{"type":"bus","start":0,"end":255}`},
		{"%pR", "[io  size 0x0020]", `{"type":"io","start":0,"end":31,"flags":"unset"}`},
		{"%pR", "(null)", "null"},
		{"%pM", "00:11:22:AA:bb:cc", `"00:11:22:aa:bb:cc"`},
		{"%pMF", "00-11-22-aa-bb-cc", `"00:11:22:aa:bb:cc"`},
		{"%pm", "001122aabbcc", `"00:11:22:aa:bb:cc"`},
		{"%pI4", "10.0.2.15", `"10.0.2.15"`},
		{"%pi4", "010.000.002.015", `"10.0.2.15"`},
		{"%pI6", "fe80:0000:0000:0000:0000:0000:0000:0001", `"fe80::1"`},
		{"%pi6", "fe800000000000000000000000000001", `"fe80::1"`},
		{"%pI6c", "fe80::1", `"fe80::1"`},
		{"%pISpc", "1.2.3.4:80", `{"address":"1.2.3.4","port":80}`},
		{"%pISpfsc", "[fe80::1]:80/5%2", `{"address":"fe80::1","port":80}`},
		{"%pIS", "1.2.3.4", `"1.2.3.4"`},
		{"%pISpc", "(einval)", "null"},
		{"%pUB", "00010203-0405-0607-0809-0A0B0C0D0E0F", `"00010203-0405-0607-0809-0a0b0c0d0e0f"`},
		{"%pe", "-ENOENT", `{"name":"ENOENT","number":-2}`},
		{"%pe", "-517", `{"name":"EPROBE_DEFER","number":-517}`},
		{"%pe", "-EMADEUP", `{"name":"EMADEUP"}`},
		{"%pe", "00000000deadbeef", `{"address":3735928559,"hashed":true}`},
		{"%pa", "0x0000000012345678", `{"address":305419896}`},
		{"%pNF", "0x000000000000c000", "49152"},
		{"%*ph", "00 01 ff", `"0001ff"`},
		{"%*phC", "00:01:ff", `"0001ff"`},
		{"%*pb", "00000001,00000000", "4294967296"},
		{"%*pb", "1,00000001,00000000", `"1,00000001,00000000"`},
		{"%*pbl", "0,3-6", `["0","3-6"]`},
		{"%*pbl", "", "[]"},
		{"%pOF", "/soc/i2c@0", `"/soc/i2c@0"`},
		{"%pOF", "(null)", "null"},
		{"%ptR", "2024-01-31T23:59:59", `"2024-01-31T23:59:59"`},
		{"%pGg", "GFP_USER|GFP_DMA", `"GFP_USER|GFP_DMA"`},
	} {
		elems, err := ParseFormat([]byte(tt.format))
		if err != nil || len(elems) != 1 {
			t.Fatalf("%q: %v", tt.format, err)
		}
		got, err := json.Marshal(Value(elems[0], []byte(tt.text)))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s of %q is %s (%v), want %s", tt.format, tt.text, got, err, tt.want)
		}
	}
}
