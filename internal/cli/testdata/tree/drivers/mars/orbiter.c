#define pr_fmt(fmt) "orbiter: " fmt

#include <linux/printk.h>
#include <linux/mars.h>

int orbiter_pass(struct mars_rover *rover)
{
	pr_info("pass over %s at height 0x%08lx\n", rover->name, 400000UL);
	return mars_drive(rover, 0);
}
