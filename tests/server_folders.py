"""Where tests keep the data of embedded servers."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

TEMPLATE = "patt_template"
"""The migrated database of which every test gets a copy."""

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 -- what is made in it has a name of its own, as in every such folder
_ENOUGH_BYTES = 3 * 2**30
"""Of memory, for the servers of all test processes."""


def fast_place() -> str | None:
    """Return a folder that lies in memory, where there is one with enough room; None means the system's usual place.

    A database is 300 files. To write them to a disk takes ten times the processor time of all that is asked of the server.
    """
    is_roomy = os.access(_IN_MEMORY, os.W_OK) and shutil.disk_usage(_IN_MEMORY).free > _ENOUGH_BYTES
    return str(_IN_MEMORY) if is_roomy else None


def folder_for_a_server() -> Path:
    """A folder outside pytest's own, which is removed after the server in it has stopped.

    Every run of pytest closes `/tmp/pytest-of-<user>` to other users, also under the feet of a server that another run
    has started and that, for root, belongs to another user.
    """
    folder = Path(tempfile.mkdtemp(prefix="patt-test-", dir=fast_place()))
    folder.chmod(0o711)  # root's server would have its data elsewhere, which nobody would remove
    # What is registered first runs last: the embedded server registers its own stop when it starts.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
