"""How large an export may be, in either form, and that it is measured before anything is made of it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.simulators import GuildWorld, addon
from sv_common.guild_sync.sources.addon.export import AddonExport, read_addon_export, read_addon_export_json
from sv_common.guild_sync.sources.addon.saved_variables import MAX_BYTES, MAX_PARTS

MIB = 1024 * 1024
Read = Callable[[bytes], AddonExport]


def json_of(entry: bytes, count: int) -> bytes:
    return b'{"characters":[' + entry * count + b"{}]}"


def lua_of(entry: bytes, count: int) -> bytes:
    return b"PATTSyncDB={lastExport={characters={" + entry * count + b"}}}"


def peak_of_refusing(read: Read, source: bytes) -> tuple[str, int]:
    """What an export is refused with, and how many bytes reading it took at most."""
    tracemalloc.start()
    try:
        with pytest.raises(BadInput) as refused:
            read(source)
        return str(refused.value), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("entry", [b"{},", b"[],", b"0,", b'{"name":"A"},'])
def test_json_with_more_values_than_any_export_is_refused_before_it_is_read(entry: bytes) -> None:
    sentence, peak = peak_of_refusing(read_addon_export_json, json_of(entry, MAX_PARTS + 1))
    assert f"more than {MAX_PARTS:,} values" in sentence
    assert peak < MIB


@pytest.mark.parametrize(("read", "source"), [(read_addon_export_json, json_of), (read_addon_export, lua_of)])
def test_an_export_that_is_too_long_is_refused_in_either_form_before_it_is_read(
    read: Read, source: Callable[[bytes, int], bytes]
) -> None:
    sentence, peak = peak_of_refusing(read, source(b" " * 1000, MAX_BYTES // 1000 + 1))
    assert "an export has at most 4 MiB" in sentence
    assert peak < MIB


@pytest.mark.parametrize("entry", [b'{"":0},', b"{},", b"[],"])
def test_the_worst_json_within_the_limits_takes_little_memory(entry: bytes) -> None:
    signs = entry.count(b",") + entry.count(b"{") + entry.count(b"[")
    _, peak = peak_of_refusing(read_addon_export_json, json_of(entry, (MAX_PARTS - 10) // signs))
    assert peak < 64 * MIB


def test_the_export_of_a_full_guild_is_far_from_every_limit() -> None:
    world = GuildWorld.seeded(1, 1000)
    source = addon.render(world).encode()
    assert len(read_addon_export(source).characters) == len(world.characters) >= 1000
    assert len(source) < MIB
    assert 5 * sum(source.count(sign) for sign in (b",", b"{", b"[")) < MAX_PARTS
