"""Linux: a service of the user's own systemd.

Source: systemd.service(5), systemd.unit(5) (quoting, `%`), systemctl(1). `:` before the command keeps `$` as it is.
"""

from __future__ import annotations

from pathlib import Path

from patt.companion.autostart.program import Program, unusable_folder
from patt.companion.autostart.steps import Call, RemoveFile, Run, Step, WriteFile
from patt.companion.autostart.systems import Standing
from sv_common.guild_sync.core.errors import ConfigurationError

NAME = "patt-companion.service"
_TOOL = ("systemctl", "--user")
_NOT_IN_A_PROGRAM = set("'\"\\")


class Systemd:
    """The user's services; `configuration` is the folder for settings, `~/.config` unless the user set another."""

    name = "systemd"

    def __init__(self, configuration: Path, run: Run) -> None:
        self._units, self._run, self._up_to = configuration / "systemd" / "user", run, configuration

    @property
    def file(self) -> Path:
        return self._units / NAME

    def on(self, program: Program) -> list[Step]:
        unit = unit_of(program)
        return [
            WriteFile(self.file, unit.encode(), unit),
            Call((*_TOOL, "daemon-reload")),
            Call((*_TOOL, "enable", NAME)),
            Call((*_TOOL, "restart", NAME)),
        ]

    def off(self) -> list[Step]:
        if not self.file.exists():
            return []
        return [
            Call((*_TOOL, "disable", "--now", NAME), may_fail=True),
            # `disable` removes it; without a running systemd it does not
            RemoveFile(self._units / "default.target.wants" / NAME, self._up_to),
            RemoveFile(self.file, self._up_to),
            Call((*_TOOL, "daemon-reload"), may_fail=True),
        ]

    def standing(self) -> Standing:
        is_on = self.file.exists() and self._run((*_TOOL, "is-enabled", NAME)).code == 0
        return Standing(is_on, self._run((*_TOOL, "is-active", NAME)).code == 0, str(self.file))


def unit_of(program: Program) -> str:
    """Return the unit's file. Raises `ConfigurationError` for a program that systemd starts under no quoting."""
    first, *rest = program.command
    if _NOT_IN_A_PROGRAM & set(first):
        raise ConfigurationError(unusable_folder(first))
    command = " ".join((_quoted(f":{first}"), *map(_quoted, rest)))
    environment = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in program.environment.items())
    return f"""\
[Unit]
Description=PATT companion: sends the exports of the game's addon to the guild's server

[Service]
Type=exec
{environment}ExecStart={command}
SuccessExitStatus=143
Restart=on-abnormal
RestartSec=60
Nice=10
UMask=0077
NoNewPrivileges=yes

[Install]
WantedBy=default.target
"""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
