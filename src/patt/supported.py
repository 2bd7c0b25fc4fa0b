"""What is installed, and the versions of Python that it is tried on.

Every Python can read this file, so that one that is too old is told so.
"""

import sys

DISTRIBUTION = "patt-guild"
"""What is installed. On the public index, the name of the command belongs to another project."""

OLDEST, NEWEST = (3, 11), (3, 14)
"""The newest is the one for which all pinned requirements exist. `pyproject.toml` and `run.py` name the same."""


def refuse_other_pythons():  # noqa: ANN201 -- every Python reads a type in a comment
    # type: () -> None
    """End the program with a sentence on a Python that is too old or too new."""
    if not OLDEST <= tuple(sys.version_info[:2]) <= NEWEST:
        sys.exit("PATT needs Python 3.11 to 3.14; this is " + sys.version.split()[0] + ".")
