"""`python -m patt` is the command `patt`."""

from __future__ import annotations

from patt.cli.main import main

main()
