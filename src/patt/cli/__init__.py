"""The command line `patt`: the same functions as the web, for people and for scripts."""
