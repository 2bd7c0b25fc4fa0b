"""The systems that are read, and the shapes of what they answer."""
