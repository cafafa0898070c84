#include <linux/printk.h>
#include <linux/mars.h>

void mars_halt(const char *why)
{
	pr_emerg("Kernel panic - not syncing: %s\n", why);
	for (;;)
		;
}
