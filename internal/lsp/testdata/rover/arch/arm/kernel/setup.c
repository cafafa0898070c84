int rover_speed(void)
{
	return 1;
}
