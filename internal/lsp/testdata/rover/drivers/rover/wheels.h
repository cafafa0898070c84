#define wheels_each(i) for (i = 0; i < ROVER_WHEELS; i++)
