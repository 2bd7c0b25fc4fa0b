"""What is different in the processes of a chaos: they wait less for answers, and write their log into a file."""

from __future__ import annotations

import os
import sys

import httpx2

from patt import bootstrap
from patt.config import Settings
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.sources.http import RetryPolicy, http_client
from sv_common.guild_sync.sources.ports import AccountSource, Sources

LOG = "processes.log"

_PATIENCE_S = 0.7
_RETRIES = RetryPolicy(attempts=3, first_pause=0.05, longest_pause=0.2)


def prepare() -> None:
    """Make the process that this is called in so."""
    log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
    vars(bootstrap).update(http_client=_impatient_client, sources=_sources)


def _impatient_client() -> httpx2.AsyncClient:
    return http_client(_PATIENCE_S, trust_env=False)


def _sources(
    settings: Settings,
    http: httpx2.AsyncClient,
    permits: bootstrap.PermitsOfServices | None = None,
    secret: InstallationSecret | None = None,
) -> Sources:
    battle_net = bootstrap.battlenet_client(settings, http, _RETRIES, permits=permits)
    discord = bootstrap.discord_client(settings, http, _RETRIES, permits=permits)
    accounts = AccountSource(battle_net, secret) if battle_net is not None and secret is not None else None
    return Sources(battle_net, discord, discord, profiles=battle_net, accounts=accounts)
