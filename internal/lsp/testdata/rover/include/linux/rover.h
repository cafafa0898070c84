#ifndef _LINUX_ROVER_H
#define _LINUX_ROVER_H

#define ROVER_WHEELS 6
#define ROVER_SPOKES (ROVER_WHEELS * 4)

enum rover_state {
	ROVER_IDLE,
	ROVER_DRIVING = 4,
};

struct rover;

struct rover_ops {
	int (*turn)(struct rover *rover, int degrees);
	int (*stop)(struct rover *rover);
};

struct part {
	const char *name;
	int turn;
};

struct rover {
	struct part part;
	const struct rover_ops *ops;
	enum rover_state state;
	int speed;
};

/**
 * rover_drive - makes a rover drive
 * @rover: the rover
 * @degrees: where to; right is positive
 *
 * Sleeps until the wheels stand as they should.
 *
 * Return: 0, or a negative error.
 */
int rover_drive(struct rover *rover, int degrees);

int rover_speed(void);

#endif
