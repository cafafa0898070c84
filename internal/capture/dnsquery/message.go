package dnsquery

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Numbers of the protocol that dnsmessage does not have.
const (
	typeRRSIG dnsmessage.Type = 46 // RFC 4034
	optionEDE uint16          = 15 // RFC 8914
	// udpSize is what answers are asked to stay below: what passes every network
	// without being fragmented.
	udpSize = 1232
)

// question is what a message asks.
type question struct {
	id   uint16
	name dnsmessage.Name
	typ  dnsmessage.Type
	edns bool // with EDNS, and wanting signatures
	cd   bool // checking disabled: the server shall not verify
}

// pack makes the message.
func (q *question) pack() ([]byte, error) {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{
		ID: q.id, RecursionDesired: true, CheckingDisabled: q.cd,
		// With it a server says that it verified the answer even if signatures were
		// not asked for (RFC 6840, section 5.7).
		AuthenticData: q.edns && !q.cd,
	})
	err := b.StartQuestions()
	if err == nil {
		err = b.Question(dnsmessage.Question{Name: q.name, Type: q.typ, Class: dnsmessage.ClassINET})
	}
	if err == nil && q.edns {
		if err = b.StartAdditionals(); err == nil {
			var h dnsmessage.ResourceHeader
			if err = h.SetEDNS0(udpSize, dnsmessage.RCodeSuccess, true); err == nil {
				err = b.OPTResource(h, dnsmessage.OPTResource{})
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return b.Finish()
}

// newName makes a name of a message of what the user or resolv.conf says.
func newName(s string) (dnsmessage.Name, error) {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > maxName {
		return dnsmessage.Name{}, fmt.Errorf("a name has 1 to %d bytes, this one %d", maxName, len(s))
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 {
			return dnsmessage.Name{}, fmt.Errorf("a label of a name has 1 to 63 bytes, %q %d", escape(label), len(label))
		}
	}
	return dnsmessage.NewName(s + ".")
}

// answer is a message that answers a question.
type answer struct {
	rcode     string
	truncated bool
	authentic bool
	records   []Record
	omitted   int
	sigs      []Signature
	errors    []ExtendedError
}

// errWrongID is what parse returns for the answer to something else.
var errWrongID = errors.New("it has the number of another question")

// parse reads the answer to q.
func (q *question) parse(msg []byte) (*answer, error) {
	var p dnsmessage.Parser
	h, err := p.Start(msg)
	if err != nil {
		return nil, fmt.Errorf("it is no DNS message: %w", err)
	}
	if !h.Response {
		return nil, errors.New("it is a question, not an answer")
	}
	if h.ID != q.id {
		return nil, errWrongID
	}
	asked, err := p.AllQuestions()
	if err != nil {
		return nil, fmt.Errorf("its question cannot be read: %w", err)
	}
	// Servers that do not understand a question may leave it out of what they say
	// about it.
	if len(asked) > 1 || len(asked) == 0 && h.RCode == dnsmessage.RCodeSuccess {
		return nil, fmt.Errorf("it answers %d questions", len(asked))
	}
	if len(asked) == 1 && (asked[0].Type != q.typ || asked[0].Class != dnsmessage.ClassINET || !strings.EqualFold(asked[0].Name.String(), q.name.String())) {
		return nil, fmt.Errorf("it answers a question for %s", escape(asked[0].Name.String()))
	}
	a := &answer{truncated: h.Truncated, authentic: h.AuthenticData}
	if err := a.answers(&p); err != nil && !h.Truncated {
		return nil, fmt.Errorf("its answer cannot be read: %w", err)
	}
	rcode := h.RCode
	if p.SkipAllAuthorities() == nil {
		// What stands behind the answer is additional in every sense: damage there
		// takes nothing from it.
		if extended, ok := a.additionals(&p, h.RCode); ok {
			rcode = extended
		}
	}
	a.rcode = rcodeName(rcode)
	return a, nil
}

// answers reads the section of answers.
func (a *answer) answers(p *dnsmessage.Parser) error {
	for {
		h, err := p.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return nil
		}
		if err != nil {
			return err
		}
		rec := Record{Name: escape(h.Name.String()), TTL: h.TTL}
		switch {
		case h.Class != dnsmessage.ClassINET:
			err = p.SkipAnswer()
		case h.Type == dnsmessage.TypeA:
			var r dnsmessage.AResource
			r, err = p.AResource()
			rec.Type, rec.Data = "A", netip.AddrFrom4(r.A).String()
		case h.Type == dnsmessage.TypeAAAA:
			var r dnsmessage.AAAAResource
			r, err = p.AAAAResource()
			rec.Type, rec.Data = "AAAA", netip.AddrFrom16(r.AAAA).String()
		case h.Type == dnsmessage.TypeCNAME:
			var r dnsmessage.CNAMEResource
			r, err = p.CNAMEResource()
			rec.Type, rec.Data = "CNAME", escape(r.CNAME.String())
		case h.Type == typeRRSIG:
			var r dnsmessage.UnknownResource
			r, err = p.UnknownResource()
			if sig, ok := signature(r.Data); ok && len(a.sigs) < maxRecords {
				a.sigs = append(a.sigs, sig)
			}
		default:
			err = p.SkipAnswer()
		}
		if err != nil {
			return err
		}
		if rec.Type != "" {
			if len(a.records) < maxRecords {
				a.records = append(a.records, rec)
			} else {
				a.omitted++
			}
		}
	}
}

// additionals reads the additional section: the upper bits of the rcode are in
// the EDNS record, and why the server failed.
func (a *answer) additionals(p *dnsmessage.Parser, lower dnsmessage.RCode) (rcode dnsmessage.RCode, found bool) {
	for {
		h, err := p.AdditionalHeader()
		if err != nil {
			return rcode, found
		}
		if h.Type != dnsmessage.TypeOPT || found {
			if p.SkipAdditional() != nil {
				return rcode, found
			}
			continue
		}
		rcode, found = h.ExtendedRCode(lower), true
		opt, err := p.OPTResource()
		if err != nil {
			return rcode, found
		}
		for _, o := range opt.Options {
			if o.Code == optionEDE && len(o.Data) >= 2 && len(a.errors) < maxStrays {
				code := binary.BigEndian.Uint16(o.Data)
				text := strings.TrimRight(string(o.Data[2:min(len(o.Data), 2+256)]), "\x00")
				a.errors = append(a.errors, ExtendedError{Code: code, Name: extendedErrors[code], Text: strings.ToValidUTF8(text, "�")})
			}
		}
	}
}

// signature reads the data of an RRSIG record.
func signature(data []byte) (Signature, bool) {
	const fixed = 18 // up to the name of the signer, which is never compressed
	if len(data) <= fixed {
		return Signature{}, false
	}
	var signer strings.Builder
	for rest := data[fixed:]; ; {
		n := int(rest[0])
		if n == 0 {
			break
		}
		if n > 63 || n+1 >= len(rest) || signer.Len() > maxName {
			return Signature{}, false
		}
		signer.Write(rest[1 : 1+n])
		signer.WriteByte('.')
		rest = rest[1+n:]
	}
	return Signature{
		Covers: strings.TrimPrefix(dnsmessage.Type(binary.BigEndian.Uint16(data)).String(), "Type"),
		Signer: escape(signer.String()),
		From:   time.Unix(int64(binary.BigEndian.Uint32(data[12:])), 0).UTC(),
		Until:  time.Unix(int64(binary.BigEndian.Uint32(data[8:])), 0).UTC(),
	}, true
}

// escape writes a name as zone files do: the bytes that are no letters of
// names as \DDD. The dot at the end is left out.
func escape(name string) string {
	var b strings.Builder
	for _, c := range []byte(strings.TrimSuffix(name, ".")) {
		if c <= ' ' || c >= 0x7f || c == '\\' || c == '"' {
			fmt.Fprintf(&b, "\\%03d", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// rcodes have the names that tools of DNS print (IANA, "DNS RCODEs").
var rcodes = map[dnsmessage.RCode]string{
	0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET",
	8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 11: "DSOTYPENI", 16: "BADVERS", 23: "BADCOOKIE",
}

func rcodeName(r dnsmessage.RCode) string {
	if name, ok := rcodes[r]; ok {
		return name
	}
	return fmt.Sprintf("RCODE%d", r)
}

// extendedErrors are those of RFC 8914 that tell why a resolver has no answer.
var extendedErrors = map[uint16]string{
	0: "Other Error", 1: "Unsupported DNSKEY Algorithm", 2: "Unsupported DS Digest Type", 3: "Stale Answer", 4: "Forged Answer",
	5: "DNSSEC Indeterminate", 6: "DNSSEC Bogus", 7: "Signature Expired", 8: "Signature Not Yet Valid", 9: "DNSKEY Missing",
	10: "RRSIGs Missing", 11: "No Zone Key Bit Set", 12: "NSEC Missing", 13: "Cached Error", 14: "Not Ready", 15: "Blocked",
	16: "Censored", 17: "Filtered", 18: "Prohibited", 19: "Stale NXDOMAIN Answer", 20: "Not Authoritative", 21: "Not Supported",
	22: "No Reachable Authority", 23: "Network Error", 24: "Invalid Data",
}
