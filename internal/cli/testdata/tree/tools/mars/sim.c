#include <stdio.h>

struct mars_rover {
	int wheels;
};

int mars_drive(struct mars_rover *rover, int metres)
{
	printf("simulated %d wheels, %d metres\n", rover->wheels, metres);
	return 0;
}
