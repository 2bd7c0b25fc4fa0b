"""The embedded server for everybody: paths, users, root, passwords, killed processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from server_folders import folder_for_a_server
from sv_common.db import backup, embedded, migrate
from sv_common.db.embedded import Reach, ServerNotStarted, account, binaries
from sv_common.db.embedded.cluster import Cluster

_USE = """
    import sys
    from pathlib import Path
    from sv_common.db import embedded
    import psycopg
    server = embedded.start(Path(sys.argv[1]), reach=embedded.Reach(sys.argv[2]))
    with psycopg.connect(embedded.ensure_database(server, "patt")) as connection:
        print(*connection.execute("show data_directory").fetchone(), *connection.execute("show port").fetchone(), sep="|")
    print(server.get_uri("patt"), flush=True)
    sys.stdin.readline()
"""


class User:
    """A process that uses an embedded server until it is told to end."""

    def __init__(self, folder: Path, reach: Reach = Reach.SOCKET, **of_process: object) -> None:
        self.process = subprocess.Popen(  # noqa: S603 -- this very program
            [sys.executable, "-c", textwrap.dedent(_USE), str(folder), reach.value],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **of_process,  # type: ignore[call-overload]
        )
        _users.append(self)

    def started(self) -> tuple[Path, str]:
        """Return where the data lie and the address, once the server answers."""
        assert self.process.stdout is not None
        first, url = self.process.stdout.readline().strip(), self.process.stdout.readline().strip()
        if not url:
            assert self.process.stderr is not None
            pytest.fail(self.process.stderr.read())
        return Path(first.partition("|")[0]), url

    def ended(self) -> None:
        _, errors = self.process.communicate("\n", timeout=60)
        assert (self.process.returncode, errors) == (0, "")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


_users: list[User] = []


@pytest.fixture(autouse=True)
def nobody_is_left() -> Iterator[None]:
    yield
    while _users:
        user = _users.pop()
        if user.process.returncode is None:
            user.process.communicate("\n")


def _server_of(data: Path) -> psutil.Process:
    process = psutil.Process(int((data / "postmaster.pid").read_text().splitlines()[0]))
    assert process.name() == "postgres"
    return process


@pytest.fixture(scope="module")
def folder() -> Path:
    """A folder as every Mac has one, and worse: with a blank, quotes, a dollar and a path that no socket can have."""
    return folder_for_a_server() / "Application Support" / f'it\'s "the" $HOME `one` {"long " * 20}' / "postgres"


def test_a_server_in_a_folder_with_blanks_lives_until_its_last_user_ends_also_when_one_is_killed(folder: Path) -> None:
    first, second, third = User(folder), User(folder), User(folder)
    data, url = first.started()
    assert data.parent == folder
    assert [name for name in ("lock", "users", "log", "password") if (folder / name).stat().st_mode & 0o077] == []
    assert second.started() == third.started() == (data, url)
    first.kill()
    second.ended()
    with psycopg.connect(url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    third.ended()
    assert not (data / "postmaster.pid").exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def _cluster(home: Path, reach: Reach = Reach.SOCKET) -> Cluster:
    major, programs = binaries.newest()
    who = account.account()
    made = Cluster(account.home_of(home, who), str(major), programs, who, reach)
    if not made.exists():
        made.make()
    return made


def test_a_number_that_went_to_another_process_is_no_server(folder: Path) -> None:
    """What a killed server left names a process that is none of it: it is neither joined nor stopped."""
    cluster = _cluster(folder)
    cluster.start()
    left = (cluster.data / "postmaster.pid").read_text().splitlines(keepends=True)
    cluster.stop()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        (cluster.data / "postmaster.pid").write_text("".join([f"{stranger.pid}\n", *left[1:]]))
        cluster.stop()
        cluster.start()
        assert _server_of(cluster.data).pid != stranger.pid
        cluster.stop()
        assert stranger.poll() is None
        stranger.communicate(b"\n")


def test_over_loopback_the_password_stands_in_a_file_for_its_user_alone(folder: Path, tmp_path: Path) -> None:
    cluster = _cluster(folder, Reach.LOOPBACK)
    cluster.start()
    try:
        url = cluster.get_uri()
        assert "@127.0.0.1:" in url
        assert cluster.password_file.stat().st_mode & 0o077 == 0
        password = cluster.password_file.read_text().strip().rpartition(":")[2]
        assert len(password) >= 32
        assert password not in url
        migrate.upgrade(url)
        assert backup.write(url, tmp_path / "all.patt", version="1").schema == migrate.current_revision(url)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url.partition("?")[0], passfile=os.devnull)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url.partition("?")[0], passfile=os.devnull, password="postgres")  # noqa: S106
    finally:
        cluster.stop()


def test_a_server_that_cannot_start_says_why_in_the_words_of_its_log(folder: Path) -> None:
    cluster = _cluster(folder)
    settings = cluster.data / "postgresql.auto.conf"
    settings.write_text("shared_buffers = 'nonsense'\n", encoding="utf-8")
    try:
        with pytest.raises(ServerNotStarted, match=r"contains errors \(its log: .*log\)"):
            cluster.start()
    finally:
        settings.write_text("", encoding="utf-8")


def test_data_that_were_moved_to_a_path_that_no_socket_can_have_still_start(folder: Path) -> None:
    _cluster(folder)
    moved = folder.with_name("long " * 30)
    folder.rename(moved)
    try:
        cluster = _cluster(moved)
        cluster.start()
        with psycopg.connect(cluster.get_uri()) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
            (sockets,) = connection.execute("show unix_socket_directories").fetchone() or ("",)
        cluster.stop()
        assert Path(sockets.strip('"')).stat().st_mode & 0o077 == 0
        Path(sockets.strip('"')).rmdir()
    finally:
        moved.rename(folder)


_AS_ROOT = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root, to be another user as well")


@pytest.fixture
def another_user() -> Iterator[str]:
    """The name of a user of this computer who is nobody else."""
    if shutil.which("useradd") is None:
        pytest.skip("needs the program useradd")
    name = f"patt-test-{os.getpid()}"
    subprocess.run(["useradd", "--create-home", name], check=True, capture_output=True)  # noqa: S603, S607
    try:
        can_run = subprocess.run([sys.executable, "-c", ""], user=name, check=False, cwd="/")
        if can_run.returncode != 0:
            pytest.skip("this Python lies in a folder that other users may not enter")
        yield name
    except PermissionError:
        pytest.skip("this Python lies in a folder that other users may not enter")
    finally:
        subprocess.run(["userdel", "--remove", name], check=True, capture_output=True)  # noqa: S603, S607


@pytest.mark.nightly  # the test of root tries another user of the system at every commit
@_AS_ROOT
def test_a_second_user_of_the_computer_has_a_server_beside_the_first_and_no_way_into_it(another_user: str) -> None:
    home = Path(f"~{another_user}").expanduser()
    of_root = folder_for_a_server() / "postgres"
    environment = {**os.environ, "HOME": str(home)}
    first = User(of_root)
    data_of_first, url = first.started()
    second = User(home / "my data" / "postgres", user=another_user, env=environment, cwd=home)
    data, _ = second.started()
    assert data.owner() == another_user
    assert _server_of(data).username() == another_user
    knock = [sys.executable, "-c", "import psycopg, sys; psycopg.connect(sys.argv[1])", url]
    refused = subprocess.run(knock, user=another_user, capture_output=True, check=False, cwd=home)  # noqa: S603
    assert b"Permission denied" in refused.stderr
    into_the_first = User(of_root, user=another_user, env=environment, cwd=home)
    _, errors = into_the_first.process.communicate()
    assert "the folder belongs to the user root" in errors
    into_the_second = User(home / "my data" / "postgres")
    _, errors = into_the_second.process.communicate()
    assert f"the folder belongs to the user {another_user}. Start PATT as that user" in errors
    second.ended()
    first.ended()
    assert not (data_of_first / "postmaster.pid").exists()


@_AS_ROOT
def test_root_opens_no_folder_and_its_server_is_another_user(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = Path(tempfile.mkdtemp(prefix="patt-test-"))
    elsewhere = folder_for_a_server() / "elsewhere"
    modes = [each.stat().st_mode for each in (closed, *closed.parents)]
    monkeypatch.setattr(account, "OPEN_PLACE", elsewhere)
    try:
        cluster = _cluster(closed / "data" / "postgres")
        assert cluster.home.parent == elsewhere
        assert (closed / "data" / "postgres").resolve() == cluster.home
        assert _cluster(closed / "data" / "postgres").data == cluster.data
        cluster.start()
        assert _server_of(cluster.data).username() == account.SERVER_USER
        with psycopg.connect(cluster.get_uri()) as connection:
            assert connection.execute("select current_user").fetchone() == ("postgres",)
        assert cluster.data.stat().st_mode & 0o077 == 0
        cluster.stop()
        assert [each.stat().st_mode for each in (closed, *closed.parents)] == modes
    finally:
        shutil.rmtree(closed)


@_AS_ROOT
def test_programs_in_a_closed_folder_are_copied_and_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = folder_for_a_server() / "elsewhere"
    monkeypatch.setattr(account, "OPEN_PLACE", elsewhere)
    _, programs = binaries.newest()
    monkeypatch.setattr(account, "_may_all", lambda path, _: path != programs / "postgres")
    who = account.account()
    copied = account.programs_for(who, programs)
    assert copied.is_relative_to(elsewhere)
    said = subprocess.run([copied / "postgres", "--version"], capture_output=True, check=True, **who.of_process)  # noqa: S603
    assert said.stdout.startswith(b"postgres (PostgreSQL)")
    assert not list(copied.parent.rglob("*.a"))


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").touch()
    with pytest.raises(OSError, match="postgres"):
        embedded.start(tmp_path / "postgres")
