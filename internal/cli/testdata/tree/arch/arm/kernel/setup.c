#include <linux/printk.h>

void setup_machine(const char *model)
{
	pr_info("Machine model: %s\n", model);
	pr_info("caches are cold\n");
}
