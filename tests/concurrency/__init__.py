"""What two that act at the same moment may do to one guild."""
