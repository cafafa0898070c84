namespace units {

class Base {
public:
	int size() const;
};

class Meter : public Base {
	int length;
};

int Base::size() const
{
	return 0;
}

int total(Base *b)
{
	return b->size();
}

} // namespace units
