"""Telling a lost connection from work that failed: what a lost one did not commit must never be taken for done."""

from __future__ import annotations

import psycopg
from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

_OF_THE_DATABASE = (psycopg.OperationalError, psycopg.InterfaceError)


class ConnectionLostError(psycopg.OperationalError):
    """The connection ended before its transaction was committed, so nothing of the transaction stays."""


def raise_if_lost(error: BaseException, conn: AsyncConnection[object] | None = None) -> None:
    """Raise an error again that says nothing about the work: lost connections, time-outs, deadlocks.

    Every broad `except` around SQL begins with this: what was written is gone with the transaction.
    """
    if _is_of_the_database(error):
        raise error
    if conn is not None and conn.closed:
        raise ConnectionLostError("The connection to the database was lost; nothing was committed.") from error


def check_can_commit(conn: AsyncConnection[object]) -> None:
    """Raise where a block that ended well cannot be committed, which psycopg and PostgreSQL would pass over in silence."""
    if conn.closed:
        raise ConnectionLostError("The connection to the database was lost; nothing was committed.")
    if conn.info.transaction_status == TransactionStatus.INERROR:
        raise psycopg.errors.InFailedSqlTransaction("A statement failed and nobody said so; nothing was committed.")


def _is_of_the_database(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, _OF_THE_DATABASE):
            return True
        error = error.__cause__
    return False
