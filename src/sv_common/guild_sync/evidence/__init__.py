"""What a fix would change, before and after."""
