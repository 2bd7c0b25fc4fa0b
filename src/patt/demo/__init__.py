"""The demo: a simulated guild, a week of its life, and the admin page on top of it."""
