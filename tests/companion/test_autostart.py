"""Starting with the computer: the system's own tools are called with fixed arguments, and off leaves nothing behind."""

from __future__ import annotations

import os
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from companion.fake_tools import Tools, tree
from patt.companion.autostart import steps
from patt.companion.autostart.here import switch_off, switch_on
from patt.companion.autostart.launchd import LABEL, Launchd, plist_of
from patt.companion.autostart.program import Program, own_program
from patt.companion.autostart.steps import WriteFile, described, run_tool
from patt.companion.autostart.systemd import NAME, Systemd, unit_of
from patt.companion.autostart.systems import Autostart, Standing
from patt.companion.autostart.task_scheduler import TaskScheduler, task_of
from sv_common.guild_sync.core.errors import ConfigurationError

HOSTILE = Program(
    ("/home/a b/$HOME/%h&<>;é/python", "-P", "-m", "patt", "watch", "--background"),
    {"XDG_DATA_HOME": '/data $x %i "y"'},
)
PROGRAM = Program((sys.executable, "-P", "-m", "patt", "watch", "--background"), {})
WINDOWS = {"USERNAME": "Zoë", "USERDOMAIN": "PC", "SYSTEMROOT": "C:\\Windows"}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_SECONDS_BETWEEN_TRIES", 0.0)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / "companion").mkdir(parents=True)
    return tmp_path / "home"


def _every(home: Path, tools: Tools) -> list[Autostart]:
    return [
        Systemd(home / ".config", tools),
        Launchd(home, 501, tools),
        TaskScheduler(WINDOWS, home / "companion", tools),
    ]


@pytest.mark.parametrize("place", range(3))
def test_off_leaves_nothing_of_what_on_made(home: Path, place: int) -> None:
    tools = Tools()
    before = tree(home)
    autostart = _every(home, tools)[place]
    switch_on(autostart, PROGRAM, tools)
    switch_off(autostart, tools)
    assert {name for name in tree(home) if name not in before} <= {"Library", ".config"}


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("failing", ["restart", "daemon-reload", "bootstrap", "/Create", "/Run"])
def test_what_fails_is_told_with_the_tools_words_and_leaves_nothing(home: Path, place: int, failing: str) -> None:
    tools = Tools({failing: [1]})
    autostart = _every(home, tools)[place]
    if not any(failing in step.command for step in autostart.on(PROGRAM) if isinstance(step, steps.Call)):
        return
    with pytest.raises(ConfigurationError, match=f"failed: {failing}: it did not work"):
        switch_on(autostart, PROGRAM, tools)
    assert [name for name, content in tree(home).items() if content is not None] == []


@pytest.mark.parametrize("place", range(3))
def test_off_does_nothing_where_nothing_is_on(home: Path, place: int) -> None:
    tools = Tools({"/Query": [1]})
    autostart = _every(home, tools)[place]
    before = tree(home)
    switch_off(autostart, tools)
    assert autostart.off() == []
    assert tree(home) == before
    assert {word for call in tools.calls for word in call} <= {
        "C:\\Windows\\System32\\schtasks.exe",
        "/Query",
        "/TN",
        "PATT companion (Zoë)",
    }


@pytest.mark.parametrize("place", range(3))
def test_every_step_is_shown_before_it_is_done(home: Path, place: int) -> None:
    tools = Tools()
    autostart = _every(home, tools)[place]
    shown = [described(step) for step in autostart.on(PROGRAM)]
    assert tools.calls == []
    assert tree(home) == {"companion": None}
    switch_on(autostart, PROGRAM, tools)
    assert [each for each in shown if each.startswith("Run: ")] == [
        f"Run: {steps.command_line(call)}" for call in tools.calls
    ]


@pytest.mark.parametrize("place", range(3))
def test_on_once_more_brings_what_is_on_up_to_date(home: Path, place: int) -> None:
    tools = Tools()
    autostart = _every(home, tools)[place]
    switch_on(autostart, PROGRAM, tools)
    once = tree(home)
    switch_on(autostart, PROGRAM, tools)
    assert tree(home) == once


def test_files_of_others_beside_it_stay(home: Path) -> None:
    tools = Tools()
    own = home / ".config" / "systemd" / "user" / "mine.service"
    own.parent.mkdir(parents=True)
    own.write_text("[Service]\n")
    before = tree(home)
    autostart = Systemd(home / ".config", tools)
    switch_on(autostart, PROGRAM, tools)
    switch_off(autostart, tools)
    assert tree(home) == before


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
@pytest.mark.parametrize("environment", [{}, {"XDG_DATA_HOME": '/data $x %i "y"'}])
def test_systemd_itself_finds_no_fault_in_the_unit(tmp_path: Path, environment: dict[str, str]) -> None:
    python = tmp_path / "a b $HOME %h" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    unit = tmp_path / NAME
    unit.write_text(unit_of(Program((str(python), *PROGRAM.command[1:]), environment)), encoding="utf-8")
    (tmp_path / "run").mkdir(mode=0o700)
    ran = subprocess.run(  # noqa: S603 -- a tool of this system
        ["systemd-analyze", "--user", "verify", str(unit)],  # noqa: S607
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path / "run"), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.skipif(shutil.which("systemctl") is None, reason="needs systemd")
def test_the_real_systemctl_switches_it_on_and_off(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYSTEMD_OFFLINE", "1")  # it changes the files as always, and there is no systemd to talk to
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (home / ".config").mkdir()
    before = tree(home)
    autostart = Systemd(home / ".config", run_tool)
    assert not autostart.standing().is_on
    switch_on(autostart, PROGRAM)
    assert autostart.standing().is_on
    assert (home / ".config/systemd/user/default.target.wants" / NAME).is_symlink()
    switch_off(autostart)
    assert not autostart.standing().is_on
    assert tree(home) == before


def test_a_unit_gives_systemd_the_command_whatever_its_folder_is_called() -> None:
    [line] = re.findall(r"^ExecStart=(.*)$", unit_of(HOSTILE), re.MULTILINE)
    first, *rest = (word.replace("%%", "%") for word in shlex.split(line))
    assert (first, *rest) == (f":{HOSTILE.command[0]}", *HOSTILE.command[1:])


@pytest.mark.parametrize("folder", ["/home/o'brien", '/home/"z"', "/home/a\\b"])
def test_a_folder_from_which_systemd_starts_nothing_is_said(folder: str) -> None:
    with pytest.raises(ConfigurationError, match="Install PATT elsewhere"):
        unit_of(Program((f"{folder}/python",), {}))


def test_how_it_stands_is_what_systemd_says(home: Path) -> None:
    tools = Tools({"is-active": [3]})
    autostart = Systemd(home / ".config", tools)
    assert autostart.standing() == Standing(False, False, str(autostart.file))
    switch_on(autostart, PROGRAM, tools)
    assert autostart.standing() == Standing(True, False, str(autostart.file))
    tools.codes = {"is-enabled": [1]}
    assert autostart.standing() == Standing(False, True, str(autostart.file))


def test_the_agent_of_a_mac_has_the_keys_that_launchd_documents() -> None:
    agent = plistlib.loads(plist_of(HOSTILE))
    assert agent == {
        "Label": "patt-guild.companion",
        "ProgramArguments": list(HOSTILE.command),
        "RunAtLoad": True,
        "KeepAlive": {"Crashed": True},
        "ThrottleInterval": 60,
        "ProcessType": "Background",
        "Umask": 0o077,
        "EnvironmentVariables": {"XDG_DATA_HOME": '/data $x %i "y"'},
    }


def test_on_a_mac_the_old_agent_is_ended_before_the_new_one_is_tried_until_it_starts(home: Path) -> None:
    tools = Tools({"bootstrap": [5, 37, 0], "bootout": [3]})
    autostart = Launchd(home, 501, tools)
    switch_on(autostart, PROGRAM, tools)
    file = str(home / "Library/LaunchAgents" / f"{LABEL}.plist")
    assert tools.calls == [
        ("/bin/launchctl", "bootout", f"gui/501/{LABEL}"),
        *[("/bin/launchctl", "bootstrap", "gui/501", file)] * 3,
    ]
    assert plistlib.loads(Path(file).read_bytes())["ProgramArguments"] == list(PROGRAM.command)
    assert autostart.standing() == Standing(True, None, file)
    tools.outputs["print"] = "gui/501/x = {\n\tstate = running\n}\n"
    assert autostart.standing() == Standing(True, True, file)
    tools.codes["print"] = [113]
    assert autostart.standing() == Standing(True, False, file)


TASKS = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def test_the_task_of_windows_is_of_its_user_alone_and_never_ended_for_battery_or_time() -> None:
    task = ElementTree.fromstring(task_of(HOSTILE, "PC\\<Zoë & Co>").encode("utf-16"))  # noqa: S314 -- our own
    said = {each.tag.removeprefix(TASKS): each.text for each in task.iter() if not len(each)}
    assert {each.tag.removeprefix(TASKS) for each in task} == {
        "RegistrationInfo",
        "Triggers",
        "Principals",
        "Settings",
        "Actions",
    }
    users = [each.text for each in task.iter(f"{TASKS}UserId")]
    assert users == ["PC\\<Zoë & Co>"] * 2
    assert said["LogonType"] == "InteractiveToken"
    assert said["RunLevel"] == "LeastPrivilege"
    assert (said["DisallowStartIfOnBatteries"], said["StopIfGoingOnBatteries"]) == ("false", "false")
    assert said["ExecutionTimeLimit"] == "PT0S"
    assert said["MultipleInstancesPolicy"] == "IgnoreNew"
    assert (said["Command"], said["Arguments"]) == (HOSTILE.command[0], "-P -m patt watch --background")


def test_windows_gets_the_task_as_utf_16_and_the_file_is_gone_afterwards(home: Path) -> None:
    handed: list[bytes] = []
    file = home / "companion" / "task.xml"

    def meanwhile(call: tuple[str, ...]) -> None:
        if "/Create" in call:
            handed.append(file.read_bytes())

    tools = Tools(meanwhile=meanwhile)
    switch_on(TaskScheduler(WINDOWS, home / "companion", tools), PROGRAM, tools)
    assert handed[0].startswith(b"\xff\xfe<\x00?\x00x\x00")
    assert not file.exists()
    tool, name = "C:\\Windows\\System32\\schtasks.exe", "PATT companion (Zoë)"
    assert tools.calls == [
        (tool, "/Create", "/TN", name, "/XML", str(file), "/F"),
        (tool, "/Run", "/TN", name),
    ]
    tools.calls.clear()
    switch_off(TaskScheduler(WINDOWS, home / "companion", tools), tools)
    assert tools.calls == [
        (tool, "/Query", "/TN", name),
        (tool, "/End", "/TN", name),
        (tool, "/Delete", "/TN", name, "/F"),
    ]


def test_a_user_whose_name_no_task_can_have_gets_one_all_the_same(home: Path) -> None:
    assert TaskScheduler({"USERNAME": 'a\\b:c*?"'}, home, Tools()).task == "PATT companion (a_b_c___)"
    with pytest.raises(ConfigurationError, match="USERNAME is not set"):
        TaskScheduler({}, home, Tools())


@pytest.mark.parametrize(
    "folder",
    [
        "/home/z/.cache/uv/archive-v0/Xy12/bin",
        "/home/z/.cache/uv/environments-v2/patt-1/bin",
        "/home/z/.local/share/pipx/.cache/ab12/bin",
        "/home/z/.cache/pipx/ab12/bin",
    ],
)
def test_a_program_that_will_be_gone_tomorrow_is_not_started_with_the_computer(folder: str) -> None:
    with pytest.raises(ConfigurationError, match="pipx install patt-guild"):
        own_program(f"{folder}/python", {}, "linux")


def test_on_windows_no_window_is_opened(tmp_path: Path) -> None:
    python, without_window = tmp_path / "python.exe", tmp_path / "pythonw.exe"
    assert own_program(str(python), {}, "win32").command[0] == str(python)
    without_window.touch()
    assert own_program(str(python), {}, "win32").command[0] == str(without_window)


def test_the_program_gets_what_it_needs_to_find_its_folder_again_and_no_secret() -> None:
    environment = {"XDG_DATA_HOME": "/data", "PATT_UPLOAD_KEY": "secret", "PATT_LANGUAGE": "de", "HOME": "/h"}
    program = own_program("/usr/bin/python3", environment, "linux")
    assert program.environment == {"XDG_DATA_HOME": "/data", "PATT_LANGUAGE": "de"}
    with pytest.raises(ConfigurationError, match="cannot start programs from"):
        own_program("/home/a\nExecStart=evil/python", {}, "linux")


def test_what_is_shown_of_a_file_is_what_is_written(home: Path) -> None:
    for autostart in _every(home, Tools()):
        [file] = [step for step in autostart.on(PROGRAM) if isinstance(step, WriteFile)]
        encoding = "utf-16" if file.content.startswith(b"\xff\xfe") else "utf-8"
        assert file.content.decode(encoding) == file.shown
