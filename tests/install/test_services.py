"""The container image, compose.yaml and the systemd units: what can be seen of them without running them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from patt.cli.main import app
from patt.config import Settings
from patt.supported import NEWEST

ROOT = Path(__file__).parents[2]
UNITS = ("patt-web.service", "patt-worker.service")
MOST_EXPOSED = 15
"""Tenths of systemd's own measure, of which 100 is a service that is not shut in at all."""

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
IMAGE = [
    line.split(maxsplit=1)
    for line in re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()
    if line and not line.startswith("#")
]


def _last_stage() -> dict[str, str]:
    begin = max(place for place, (word, _) in enumerate(IMAGE) if word == "FROM")
    return {word: rest for word, rest in IMAGE[begin:]}  # noqa: C416 -- each pair is a list


def test_the_image_is_built_in_stages_and_runs_as_a_user_without_rights() -> None:
    assert [word for word, _ in IMAGE].count("FROM") == 2
    last = _last_stage()
    assert last["USER"] == COMPOSE["services"]["web"]["user"].strip('"') == "10001:10001"
    assert "/health" in last["HEALTHCHECK"]
    assert last["ENTRYPOINT"] == '["patt"]'


def test_the_image_is_built_of_files_that_are_there_and_sent() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[0] not in "#*"]
    sent = {rule.removeprefix("!") for rule in rules}
    copied = {
        source
        for word, rest in IMAGE
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    assert copied == sent
    assert [each for each in copied if not (ROOT / each).exists()] == []


def test_the_image_has_the_newest_python_that_is_supported() -> None:
    images = [rest.split()[0] for word, rest in IMAGE if word == "FROM"]
    newest = ".".join(map(str, NEWEST))
    assert [each for each in images if not each.startswith(f"python:{newest}-slim-")] == []


def test_the_containers_write_nothing_and_have_no_capabilities() -> None:
    own = {name: each for name, each in COMPOSE["services"].items() if name != "database"}
    assert set(own) == {"schema", "web", "worker"}
    assert all(each["read_only"] and each["cap_drop"] == ["ALL"] for each in own.values())
    assert COMPOSE["services"]["database"]["image"].startswith("postgres:18")
    assert own["web"]["ports"] == ["127.0.0.1:8000:8000"]


def test_secrets_are_files_that_settings_name() -> None:
    names = {f"PATT_{name.upper()}_FILE": name for name in Settings.model_fields}
    web = COMPOSE["services"]["web"]
    files = {variable: path for variable, path in web["environment"].items() if variable.endswith("_FILE")}
    assert files == {variable: f"/run/secrets/{names[variable]}" for variable in files}
    assert (
        {names[variable] for variable in files}
        == set(web["secrets"])
        == set(COMPOSE["secrets"]) - {"database_password"}
    )
    secret = {name for name, field in Settings.model_fields.items() if "Secret" in str(field)}
    assert secret <= set(web["secrets"])


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_hands_secrets_over_as_files_that_settings_name(unit: str) -> None:
    text = (ROOT / "deploy" / unit).read_text(encoding="utf-8")
    handed = dict(re.findall(r"^LoadCredential=(\w+):(/etc/patt/\w+)$", text, re.MULTILINE))
    read = dict(re.findall(r"^Environment=PATT_(\w+)_FILE=%d/(\w+)$", text, re.MULTILINE))
    assert {name.lower() for name in read} == set(read.values()) == set(handed) <= set(Settings.model_fields)
    assert all(path == f"/etc/patt/{name}" for name, path in handed.items())


def test_the_container_that_upgrades_can_keep_the_backup_from_before() -> None:
    folder = re.findall(r"PATT_DATA_DIR=(\S+)", _last_stage()["ENV"])
    assert COMPOSE["services"]["schema"]["volumes"] == [f"data:{folder[0]}"]
    assert "data" in COMPOSE["volumes"]


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_can_keep_the_backup_from_before_an_upgrade(unit: str) -> None:
    text = (ROOT / "deploy" / unit).read_text(encoding="utf-8")
    folder = re.findall(r"^StateDirectory=(\w+)$", text, re.MULTILINE)
    assert re.findall(r"^Environment=PATT_DATA_DIR=(.+)$", text, re.MULTILINE) == [f"/var/lib/{folder[0]}"]


def test_the_unit_that_upgrades_has_as_long_as_that_takes() -> None:
    text = (ROOT / "deploy" / "patt-web.service").read_text(encoding="utf-8")
    assert "ExecStartPre=/opt/patt/bin/patt db upgrade" in text
    assert "TimeoutStartSec=infinity" in text


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units, with a program of this machine in place of the one that they start."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    for unit in UNITS:
        text = (ROOT / "deploy" / unit).read_text(encoding="utf-8")
        (tmp_path / unit).write_text(text.replace("/opt/patt/bin/patt", "/bin/true"), encoding="utf-8")
    return [tmp_path / unit for unit in UNITS]


def _analyzed(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- a tool of the system


def test_systemd_understands_the_units(units: list[Path]) -> None:
    verified = _analyzed("verify", *units)
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


def test_the_units_are_shut_in(units: list[Path]) -> None:
    for unit in units:
        judged = _analyzed("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", unit)
        assert judged.returncode == 0, judged.stdout[-300:]


def test_the_units_and_the_containers_start_commands_that_exist() -> None:
    started = [each["command"] for name, each in COMPOSE["services"].items() if name != "database"]
    for unit in UNITS:
        text = (ROOT / "deploy" / unit).read_text(encoding="utf-8")
        started += [
            line.split() for line in re.findall(r"^ExecStart(?:Pre)?=/opt/patt/bin/patt (.+)$", text, re.MULTILINE)
        ]
    assert len(started) == 6
    for line in started:
        words = list(line)
        command: Any = typer.main.get_command(app)
        while words and hasattr(command, "resolve_command"):
            _, command, words = command.resolve_command(typer.Context(command), words)
        options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= options
