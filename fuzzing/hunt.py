"""One hunt in a process of its own, which libFuzzer ends itself: `python -m fuzzing.hunt MODULE WATCHED... -- OPTIONS...`."""

from __future__ import annotations

import importlib
import sys

import atheris


def main() -> None:
    """Watch the packages, load the target, and let atheris try inputs until time is up or one breaks a promise."""
    divide = sys.argv.index("--")
    module, *watched = sys.argv[1:divide]
    with atheris.instrument_imports(include=watched):
        check = importlib.import_module(module).check
    atheris.Setup([sys.argv[0], *sys.argv[divide + 1 :]], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
