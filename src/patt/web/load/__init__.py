"""What keeps one visitor, or one guild, from taking the server from all others."""
