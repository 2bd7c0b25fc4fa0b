"""The web pages for officers."""
