#include <linux/printk.h>
#include <linux/mars.h>

unsigned long mars_sol;

static void count_sols(void)
{
	mars_sol = 1;
	while (mars_sol < 3)
		mars_sol++;
}

int mars_start(const char *banner, int cpus)
{
	pr_info("Linux version %s", banner);
	pr_info("Brought up %d CPUs on %s\n", cpus, "Mars");
	count_sols();
	pr_info("Sols:");
	pr_cont(" %lu counted\n", mars_sol);
	return 0;
}
