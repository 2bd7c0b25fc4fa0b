"""How long the work on a connection may wait for others and for itself, told to PostgreSQL when it connects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SECOND = 1000

_USUAL = {"timezone": "UTC", "jit": "off", "random_page_cost": "1.1", "max_parallel_workers_per_gather": "0"}
"""Pages of indexes are in memory or on a disk without moving parts; PostgreSQL's usual guess is made for others.

A statement reads one guild, in a few milliseconds. To start another process for it takes longer than that.
"""

KEEPALIVES: dict[str, Any] = {
    "client_encoding": "utf8",
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30 * _SECOND,
}
"""What finds out that the other end is gone without a word: a cable, a firewall that forgets, a server that lost its power.

Text is UTF-8 on the way, whatever this computer or the login's own settings ask for."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: for another transaction's lock, for one statement, between two statements, and for a connection of the pool."""

    lock_s: float
    statement_s: float
    idle_s: float
    connection_s: float

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings of a session, by their names."""
        waits = {
            "lock_timeout": self.lock_s,
            "statement_timeout": self.statement_s,
            "idle_in_transaction_session_timeout": self.idle_s,
        }
        return {**_USUAL, **{name: str(round(seconds * _SECOND)) for name, seconds in waits.items()}}

    @property
    def options(self) -> str:
        """The same, as they are said when a connection starts."""
        return " ".join(f"-c {name}={value}" for name, value in self.settings.items())


REQUESTS = Patience(lock_s=4, statement_s=30, idle_s=60, connection_s=10)
"""Of the web: someone sits and waits, and who waits holds a connection that others need."""

COMMANDS = Patience(lock_s=60, statement_s=900, idle_s=900, connection_s=30)
"""Of the command line, where one person waits and holds up no one."""

JOBS = Patience(lock_s=600, statement_s=1800, idle_s=900, connection_s=60)
"""Of workers: what cannot be done now is tried again anyway."""

PROBES = Patience(lock_s=2, statement_s=5, idle_s=10, connection_s=3)
"""Of what watches over the product, which asks again in a moment."""
