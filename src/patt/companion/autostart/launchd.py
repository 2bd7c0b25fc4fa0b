"""macOS: a launch agent of the user.

Source: launchd.plist(5), launchctl(1). `bootout` ends a service in its own time, so that `bootstrap` right after it can find the
old one still there, and is tried again. `KeepAlive` with `Crashed` starts it again after a crash, and not after an error that
it has told.
"""

from __future__ import annotations

import plistlib
from pathlib import Path

from patt.companion.autostart.program import Program
from patt.companion.autostart.steps import Call, RemoveFile, Run, Step, WriteFile
from patt.companion.autostart.systems import Standing

LABEL = "patt-guild.companion"
_TOOL = "/bin/launchctl"
_TRIES = 5


class Launchd:
    """The launch agents of a user."""

    name = "launchd"

    def __init__(self, home: Path, user_id: int, run: Run) -> None:
        self._agents, self._run = home / "Library" / "LaunchAgents", run
        self._domain = f"gui/{user_id}"

    @property
    def file(self) -> Path:
        return self._agents / f"{LABEL}.plist"

    @property
    def _service(self) -> str:
        return f"{self._domain}/{LABEL}"

    def on(self, program: Program) -> list[Step]:
        content = plist_of(program)
        return [
            WriteFile(self.file, content, content.decode()),
            Call((_TOOL, "bootout", self._service), may_fail=True),
            Call((_TOOL, "bootstrap", self._domain, str(self.file)), tries=_TRIES),
        ]

    def off(self) -> list[Step]:
        if not self.file.exists():
            return []
        return [
            Call((_TOOL, "bootout", self._service), may_fail=True),
            RemoveFile(self.file, self._agents.parent),
        ]

    def standing(self) -> Standing:
        """`print` is for people and may change: only the words of a running service count, and others say nothing."""
        ran = self._run((_TOOL, "print", self._service))
        is_running = False if ran.code != 0 else True if "state = running" in ran.output else None
        return Standing(self.file.exists(), is_running, str(self.file))


def plist_of(program: Program) -> bytes:
    """Return the agent's file."""
    agent = {
        "Label": LABEL,
        "ProgramArguments": list(program.command),
        "RunAtLoad": True,
        "KeepAlive": {"Crashed": True},
        "ThrottleInterval": 60,
        "ProcessType": "Background",
        "Umask": 0o077,
    }
    if program.environment:
        agent["EnvironmentVariables"] = dict(program.environment)
    return plistlib.dumps(agent, sort_keys=False)
