#ifndef LINUX_MARS_H
#define LINUX_MARS_H

struct mars_rover {
	const char *name;
	int wheels;
	unsigned long sol;
};

extern unsigned long mars_sol;

int mars_drive(struct mars_rover *rover, int metres);
void mars_halt(const char *why);

#ifdef CONFIG_MARS_DEBUG
#define mars_debug(fmt, ...) pr_info("debug: " fmt, ##__VA_ARGS__)
#else
#define mars_debug(fmt, ...) do { } while (0)
#endif

#endif
