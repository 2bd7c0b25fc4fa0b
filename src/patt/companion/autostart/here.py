"""The autostart of the system on which this runs."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from patt.companion.autostart.launchd import Launchd
from patt.companion.autostart.program import Program
from patt.companion.autostart.steps import Run, carry_out, run_tool
from patt.companion.autostart.systemd import Systemd
from patt.companion.autostart.systems import Autostart
from patt.companion.autostart.task_scheduler import TaskScheduler
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import tr


def autostart_here(folder: Path, run: Run = run_tool) -> Autostart:
    """Return what starts programs here; `folder` is the companion's own. Raises `ConfigurationError` where there is nothing known."""
    if sys.platform == "win32":
        return TaskScheduler(os.environ, folder, run)
    if sys.platform == "darwin":
        return Launchd(Path.home(), os.getuid(), run)
    if shutil.which("systemctl") is None:
        raise ConfigurationError(
            tr(
                "This computer has no systemd, which starts programs for its users. "
                "Add “patt watch --background” to the programs that your desktop starts."
            )
        )
    named = os.environ.get("XDG_CONFIG_HOME")
    return Systemd(Path(named) if named else Path.home() / ".config", run)


def switch_on(autostart: Autostart, program: Program, run: Run = run_tool) -> None:
    """Start the program with the computer, and now; what fails leaves nothing behind. Raises `ConfigurationError`."""
    try:
        carry_out(autostart.on(program), run)
    except ConfigurationError:
        carry_out(autostart.off(), run)
        raise


def switch_off(autostart: Autostart, run: Run = run_tool) -> None:
    """End what was started, and leave nothing of it. Raises `ConfigurationError`."""
    carry_out(autostart.off(), run)
