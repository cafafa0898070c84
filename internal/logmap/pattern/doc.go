// Package pattern matches log text against the formats that can have printed
// it: the kernel's printf dialect read backwards.
//
// A format such as "%s: irq %d\n" is parsed into elements (ParseFormat),
// compiled with many thousands of others into one flat block of bytes
// (Builder), and that block, usually a mapping of an index file, answers
// without any set-up (Open, Set): which patterns match this text from its
// first to its last byte, and which bytes did each conversion print (Matcher).
//
// A pattern is filed under one gram of its literal text, the rarest among all
// patterns. Finding the patterns of a text is a walk over the text's grams
// through a bitmap that fits the second-level cache, a flat hash table, and a
// short backtracking match of the few patterns that remain. Formats without
// usable literal text ("%s: %d\n") are kept on a separate list that is tried
// only when asked for.
//
// The languages of the conversions follow vsnprintf in lib/vsprintf.c and
// Documentation/core-api/printk-formats.rst of the kernel, 2.6 to 6.12.
//
// The package knows nothing of source trees, macros or log prefixes; package
// logmap makes the formats and ranks what is found.
package pattern
