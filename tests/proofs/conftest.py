"""What the proofs need beside the fixtures of the web's own tests."""

from __future__ import annotations

# The web's fixtures are these tests' too: pytest finds fixtures by their names in this module.
from web.conftest import alice, anonymous, app, guild, house, reader, troubled, visitor

__all__ = ["alice", "anonymous", "app", "guild", "house", "reader", "troubled", "visitor"]
