"""Starting the companion with the computer, by what each system has for it; shown before it is done, undone without a trace."""
