"""PATT: the application around the data quality engine (web, API, command line)."""
