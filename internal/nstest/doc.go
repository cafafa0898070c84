// Package nstest gives tests machines of their own: small Debian systems whose
// real programs run in namespaces (mount, network, process ids, host name,
// cgroups), with systemd as their init, so that the machine that the tests run
// on is never touched. A World is one such system, a LAN the network behind its
// interface, with name servers of the test's own.
//
// It needs root, and the systems that scripts/fetch-worlds installs below the
// build's cache. Where either is missing a test is skipped, as package testenv
// says.
package nstest
