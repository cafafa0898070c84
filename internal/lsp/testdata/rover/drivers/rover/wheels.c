#include <linux/rover.h>
#include "wheels.h"

struct wheels {
	struct rover rover;
	int angle;
};

static int helper(int i)
{
	return i + 1;
}

static int wheels_turn(struct rover *rover, int degrees)
{
	int i;

	wheels_each(i)
		helper(i);
	return 0;
}

static int wheels_stop(struct rover *rover)
{
	return 0;
}

static const struct rover_ops wheels_ops = {
	.turn = wheels_turn,
	.stop = wheels_stop,
};

static const struct of_device_id wheels_ids[] = {
	{ .compatible = "acme,wheels-one" },
	{}
};

int wheels_probe(struct wheels *wheels)
{
	wheels->rover.ops = &wheels_ops;
	return rover_drive(&wheels->rover, 0);
}

static struct platform_driver wheels_driver = {
	.probe = wheels_probe,
	.driver = {
		.name = "wheels",
		.of_match_table = wheels_ids,
	},
};
