// Rovers, in general: größer, weiter 🐧.
#include <linux/rover.h>
#include "wheels.h"

/*
 * What is said on the way,
 * in two lines.
 */
static int count;

int rover_drive(struct rover *rover, int degrees)
{
	int err = 0, turn = degrees;

	/* 🐧 größe */ err = rover->ops->turn(rover, turn);
	if (err)
		goto out;
	count++;
	rover->state = ROVER_DRIVING;
#ifdef CONFIG_ROVER_FAST
	rover->speed = 2 * rover_speed();
#else
	rover->speed = rover_speed();
#endif
out:
	return err;
}

static int helper(int count)
{
	return count;
}

int rover_halt(struct rover *rover)
{
	return rover->ops->stop(rover) + helper(ROVER_SPOKES);
}

SYSCALL_DEFINE1(rover, unsigned, fd)
{
	return fd;
}
