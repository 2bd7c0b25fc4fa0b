"""Given names and their customary short forms: Bob is Robert. Data in `nicknames.toml`."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from functools import cache
from importlib.resources import files


def other_forms_of(name: str) -> frozenset[str]:
    """Return the other forms of a given name, as keys."""
    return _forms().get(name, frozenset())


@cache
def _forms() -> dict[str, frozenset[str]]:
    groups = tomllib.loads(files(__package__).joinpath("nicknames.toml").read_text(encoding="utf-8"))["groups"]
    forms: dict[str, frozenset[str]] = defaultdict(frozenset)
    for names in (frozenset(group.split()) for group in groups):
        for name in names:
            forms[name] |= names - {name}
    return dict(forms)
