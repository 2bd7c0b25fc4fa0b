"""The issues: what they are, how they live, and why they are there."""
