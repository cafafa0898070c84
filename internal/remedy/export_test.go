package remedy

// OnStep has a function called before each change that the store makes.
func (s *Store) OnStep(f func(what string)) { s.exec.step = f }
