"""Answers that are kept until something that they show has changed."""
