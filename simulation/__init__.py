"""A month in the life of many guilds: real schedules on a fake clock. Run `python -m simulation.month`."""

import sys
from pathlib import Path

# The oracle that says what is wrong with a guild stands with the laws that it was written for.
sys.path.append(str(Path(__file__).parents[1] / "tests"))
