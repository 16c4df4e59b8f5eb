package enrol

// Remembered counts what the service keeps in memory of those who called.
func (s *Service) Remembered() int {
	return len(s.challenges.used) + len(s.given) + len(s.ofDevice) + len(s.attending)
}
