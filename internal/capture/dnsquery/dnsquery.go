// Package dnsquery asks name servers itself, instead of through the C library,
// so that it can tell what each of them does: Ask puts the same names to all
// servers at the same time, each question on a socket of its own, and reports
// for each what came back, from where and after how long.
//
//	servers := []netip.AddrPort{...} // ParseServer reads what resolv.conf has
//	for _, r := range dnsquery.Ask(ctx, servers, []string{"debian.org"}, dnsquery.Options{}) {
//		fmt.Println(r.Server, r.Name, r.Type, r.Class, r.Rcode, r.Addresses(), r.Elapsed)
//	}
//
// All questions together take no longer than Options.Timeout, however many
// servers are dead. A Result is plain data with names for JSON, so that it can
// be saved with other facts and be looked at elsewhere. Glibc and Musl tell
// which names the two C libraries make of one with the search list.
//
// What a server sends is not trusted: sizes are bounded, and nothing is taken
// for an answer that does not answer the question.
package dnsquery

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Bounds of one call of Ask and of one answer.
const (
	// DefaultTimeout is for all questions together.
	DefaultTimeout = 2 * time.Second
	// MaxQueries are asked at most, each on a socket of its own; the rest is
	// NotAsked.
	MaxQueries = 256
	// maxRecords of an answer are kept.
	maxRecords = 64
	// maxStrays of the datagrams that were no answer are kept.
	maxStrays = 4
)

// Class says what became of a question.
type Class string

// The classes. Each but Answered has more in Result.Detail.
const (
	// Answered: the server answered the question; Rcode says with what.
	Answered Class = "answered"
	// Timeout: nothing came.
	Timeout Class = "timeout"
	// PortClosed: nobody listens there (ICMP port unreachable, or a reset).
	PortClosed Class = "port-closed"
	// NoRoute: the kernel has no route to the server.
	NoRoute Class = "no-route"
	// Unreachable: a router, or the neighbour discovery of this machine, says that
	// the server cannot be reached.
	Unreachable Class = "unreachable"
	// Prohibited: a firewall of this machine, or one on the way that says so, does
	// not let the question pass.
	Prohibited Class = "prohibited"
	// BadAddress: the address cannot be sent to: a link-local one without an
	// interface, or with one that does not exist.
	BadAddress Class = "bad-address"
	// BadName: the name cannot be asked for: a label or all of it is too long, or
	// a label is empty.
	BadName Class = "bad-name"
	// Garbage: what came is no DNS message, or answers another question.
	Garbage Class = "garbage"
	// WrongID: the answer has the number of another question.
	WrongID Class = "wrong-id"
	// WrongSource: the answer came from an address that was not asked; C libraries
	// do not accept it.
	WrongSource Class = "wrong-source"
	// Truncated: the answer does not fit into a datagram, and asking by TCP failed.
	Truncated Class = "truncated"
	// NotAsked: there were more than MaxQueries.
	NotAsked Class = "not-asked"
	// Failed: something else went wrong on this machine.
	Failed Class = "failed"
)

// Type is the type of the records asked for.
type Type string

// The types.
const (
	A    Type = "A"
	AAAA Type = "AAAA"
)

// Result is what became of one question.
type Result struct {
	// Server was asked for records of Type of Name. An empty label at the end of
	// the name is left out.
	Server netip.AddrPort `json:"server"`
	Name   string         `json:"name"`
	Type   Type           `json:"type"`

	Class Class `json:"class"`
	// Detail says more about a class other than Answered.
	Detail string `json:"detail,omitempty"`
	// Elapsed is from the first datagram until the answer that counts, or until
	// there was no hope for one.
	Elapsed time.Duration `json:"elapsed_ns"`
	// From is who answered, if anybody did.
	From netip.AddrPort `json:"from,omitzero"`
	// TCP: the answer came by TCP, since it does not fit into a datagram.
	TCP bool `json:"tcp,omitempty"`
	// Plain: the server answered only a question without EDNS.
	Plain bool `json:"plain,omitempty"`

	// Rcode is the answer's ("NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED"...).
	Rcode string `json:"rcode,omitempty"`
	// Records are those of the answer that lead from the name to addresses, in
	// its order. Omitted counts the ones that were too many.
	Records []Record `json:"records,omitempty"`
	Omitted int      `json:"omitted,omitempty"`
	// Authentic: the server says that it has verified the answer by DNSSEC.
	Authentic bool `json:"authentic,omitempty"`
	// Bogus: the server failed (SERVFAIL), and answers when it is asked to not
	// verify. Records and Signatures are those of that answer.
	Bogus bool `json:"bogus,omitempty"`
	// Signatures are those of the answer's records: a clock outside of them makes
	// every verifier fail.
	Signatures []Signature `json:"signatures,omitempty"`
	// Errors are what the server says about why it failed (RFC 8914).
	Errors []ExtendedError `json:"errors,omitempty"`
	// Strays are datagrams that came and were no answer.
	Strays []Stray `json:"strays,omitempty"`
}

// Record is a record of an answer.
type Record struct {
	Name string `json:"name"`
	// Type is "A", "AAAA" or "CNAME".
	Type string `json:"type"`
	// Data is the address or the name.
	Data string `json:"data"`
	// TTL is in seconds.
	TTL uint32 `json:"ttl"`
}

// Signature is when a signature of an answer is valid (RFC 4034).
type Signature struct {
	Covers string    `json:"covers"`
	Signer string    `json:"signer"`
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
}

// ExtendedError is why a server failed, as it says.
type ExtendedError struct {
	Code uint16 `json:"code"`
	// Name is that of the code, "" if it is not known here.
	Name string `json:"name,omitempty"`
	Text string `json:"text,omitempty"`
}

// Stray is a datagram that was no answer.
type Stray struct {
	From  netip.AddrPort `json:"from"`
	Class Class          `json:"class"`
	Why   string         `json:"why"`
}

// Addresses are the addresses of the answer.
func (r *Result) Addresses() []string {
	var addrs []string
	for _, rec := range r.Records {
		if rec.Type == string(r.Type) {
			addrs = append(addrs, rec.Data)
		}
	}
	return addrs
}

// Resolved tells whether the answer gives an address that a C library would
// take.
func (r *Result) Resolved() bool {
	return r.Class == Answered && r.Rcode == "NOERROR" && !r.Bogus && len(r.Addresses()) > 0
}

// Options say how to ask.
type Options struct {
	// Timeout is for all questions together, DefaultTimeout if 0.
	Timeout time.Duration
	// Types are what is asked for; A and AAAA if empty.
	Types []Type
}

// Ask asks each server for each name, all at the same time. The results are
// ordered by server, name and type. A cancelled context ends the waiting.
func Ask(ctx context.Context, servers []netip.AddrPort, names []string, opts Options) []Result {
	if opts.Timeout <= 0 {
		opts.Timeout = DefaultTimeout
	}
	if len(opts.Types) == 0 {
		opts.Types = []Type{A, AAAA}
	}
	ctx, cancel := context.WithTimeout(ctx, opts.Timeout)
	defer cancel()
	results := make([]Result, 0, len(servers)*len(names)*len(opts.Types))
	for _, server := range servers {
		for _, name := range names {
			for _, typ := range opts.Types {
				results = append(results, Result{Server: server, Name: name, Type: typ})
			}
		}
	}
	var wg sync.WaitGroup
	for i := range results {
		if i >= MaxQueries {
			results[i].Class, results[i].Detail = NotAsked, fmt.Sprintf("%d questions have been asked", MaxQueries)
			continue
		}
		wg.Go(func() { results[i].ask(ctx) })
	}
	wg.Wait()
	return results
}

// ParseServer reads the address of a name server as resolv.conf has it, with
// the scope of a link-local one ("fe80::1%eth0"), or with the port that some
// programs write ("192.0.2.1#53", "[2001:db8::1]:53").
func ParseServer(s string) (netip.AddrPort, error) {
	ap, err := netip.ParseAddrPort(s)
	if i := strings.LastIndexByte(s, '#'); i >= 0 {
		ap, err = netip.ParseAddrPort(net.JoinHostPort(s[:i], s[i+1:]))
	} else if addr, addrErr := netip.ParseAddr(s); addrErr == nil {
		ap, err = netip.AddrPortFrom(addr, 53), nil
	}
	if err == nil {
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
	}
	return netip.AddrPort{}, fmt.Errorf("%q is not the address of a name server", s)
}
