"""Where tests keep the data of embedded servers."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

TEMPLATE = "patt_template"
"""The migrated database of which every test gets a copy."""


def folder_for_a_server() -> Path:
    """A folder outside pytest's own, which is removed after the server in it has stopped.

    Every run of pytest closes `/tmp/pytest-of-<user>` to other users, also under the feet of a server that another run
    has started and that, for root, belongs to another user.
    """
    folder = Path(tempfile.mkdtemp(prefix="patt-test-"))
    folder.chmod(0o711)  # root's server would have its data elsewhere, which nobody would remove
    # What is registered first runs last: the embedded server registers its own stop when it starts.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
