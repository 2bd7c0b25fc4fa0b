"""Finding the game on this computer: what its launchers wrote down, and the usual folders."""
