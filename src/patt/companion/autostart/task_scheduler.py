"""Windows: a task of the Task Scheduler, for this user alone and with no more rights than they have.

Source: https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema, the example
https://learn.microsoft.com/windows/win32/taskschd/logon-trigger-example--xml-, and
https://learn.microsoft.com/windows-server/administration/windows-commands/schtasks. A task of a folder would leave the folder
behind, so it has none; its name holds the user's, since all users of the computer share one list.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from patt.companion.autostart.program import Program
from patt.companion.autostart.steps import Call, RemoveFile, Run, Step, WriteFile
from patt.companion.autostart.systems import Standing
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import tr

_NOT_IN_A_NAME = re.compile(r'[\\/:*?"<>|]')


class TaskScheduler:
    """The tasks of a user; `folder` is one of the companion's own, for the file that is handed in."""

    name = "Task Scheduler"

    def __init__(self, environment: Mapping[str, str], folder: Path, run: Run) -> None:
        user = environment.get("USERNAME", "")
        if not user:
            raise ConfigurationError(
                tr("Windows does not say who you are: {variable} is not set.", variable="USERNAME")
            )
        domain = environment.get("USERDOMAIN") or environment.get("COMPUTERNAME", "")
        self._user = f"{domain}\\{user}" if domain else user
        self.task = f"PATT companion ({_NOT_IN_A_NAME.sub('_', user)})"
        self._tool = f"{environment.get('SYSTEMROOT', 'C:/Windows')}\\System32\\schtasks.exe"
        self._folder, self._run = folder, run

    @property
    def _file(self) -> Path:
        return self._folder / "task.xml"

    def on(self, program: Program) -> list[Step]:
        file, task = self._file, task_of(program, self._user)
        return [
            WriteFile(file, task.encode("utf-16"), task),
            Call((self._tool, "/Create", "/TN", self.task, "/XML", str(file), "/F")),
            RemoveFile(file, self._folder),
            Call((self._tool, "/Run", "/TN", self.task)),
        ]

    def off(self) -> list[Step]:
        left: list[Step] = [RemoveFile(self._file, self._folder)] if self._file.exists() else []
        if not self._is_there():
            return left
        return [
            *left,
            Call((self._tool, "/End", "/TN", self.task), may_fail=True),
            Call((self._tool, "/Delete", "/TN", self.task, "/F")),
        ]

    def standing(self) -> Standing:
        """What it says of a task is in the language of Windows, so whether one runs is told by the companion itself."""
        return Standing(self._is_there(), None, self.task)

    def _is_there(self) -> bool:
        return self._run((self._tool, "/Query", "/TN", self.task)).code == 0


def task_of(program: Program, user: str) -> str:
    """Return the task's file. Without the limit of three days that tasks have, and on battery too."""
    command, *arguments = program.command
    user_id, line = escape(user), escape(subprocess.list2cmdline(arguments))
    return f"""\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>PATT companion: sends the exports of the game's addon to the guild's server.</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      <UserId>{user_id}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{user_id}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{escape(command)}</Command>
      <Arguments>{line}</Arguments>
    </Exec>
  </Actions>
</Task>
"""
