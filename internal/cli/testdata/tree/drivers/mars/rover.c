#define pr_fmt(fmt) "rover: " fmt

#include <linux/printk.h>
#include <linux/mars.h>

static int check_wheels(struct mars_rover *rover)
{
	if (rover->wheels < 4) {
		pr_err("%s: only %d wheels left, error %d\n", rover->name, rover->wheels, -19);
		return -19;
	}
	pr_info("%s: wheels ready\n", rover->name);
	return 0;
}

int mars_drive(struct mars_rover *rover, int metres)
{
	int err = check_wheels(rover);

	if (err)
		return err;
	rover->sol = mars_sol;
	pr_info("drove %d metres in sol %lu\n", metres, rover->sol);
	pr_warn("dust on the panels\n");
	return 0;
}
