"""What the companion reads on a player's computer: a pasted code, and what launchers wrote down about the game."""

from __future__ import annotations

from patt.companion.code import LONGEST, read_code, write_code
from patt.companion.games.product_db import install_paths
from patt.companion.games.reading import MOST, yaml_values
from sv_common.guild_sync.core.errors import BadInput


def check(data: bytes) -> None:
    """Fail where a launcher's file breaks its reader, or a code is read that no server wrote."""
    paths = install_paths(data)
    assert len(paths) <= MOST, "too many folders"
    assert all(path.encode() in data for path in paths), "a folder that the list does not name"
    text = data.decode("utf-8", "replace")
    assert len(yaml_values(text, "prefix")) <= MOST, "too many prefixes"
    try:
        code, refused = read_code(text), ""
    except BadInput as refusal:
        code, refused = None, str(refusal)
    assert len(text) < 20 or text not in refused, "a refused text is repeated, and it may be a secret"
    if code is not None:
        letters = "".join(each for each in text[:LONGEST].lower() if each.isalnum())
        assert write_code(code.server, code.key) in letters, "a code that stands nowhere in the text"
