"""What a piece of work looked up in a resolver: while a later resolver says the same, the work comes to the same.

So what an officer's answer cannot have touched need not be worked out again, and nobody has to say what that is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Set
from typing import Any, TypeAlias, cast

from sv_common.guild_sync.identity.accounts.index import AccountIndex
from sv_common.guild_sync.identity.facts import GuildFacts
from sv_common.guild_sync.identity.names.name_index import NameIndex
from sv_common.guild_sync.identity.names.people import PeopleIndex
from sv_common.guild_sync.identity.resolver import Resolver

Read: TypeAlias = tuple[tuple[str, ...], str, Hashable]
"""Where something was looked up, how, and with what."""

_PARTS = (GuildFacts, NameIndex, PeopleIndex, AccountIndex)
_ITSELF, _CALL, _HAS, _GET = "itself", "call", "has", "get"
_NOT_THERE = object()


class Reads:
    """Look-ups, each with what it came to, of a resolver that can be asked the same again."""

    def __init__(self) -> None:
        self._found: dict[Read, Any] = {}

    def of(self, resolver: Resolver) -> Resolver:
        """Return what stands for a resolver and keeps each look-up. What cannot be kept cannot be asked: it raises."""
        return cast("Resolver", _Watched(resolver, (), self._found))

    def are_the_same_in(self, resolver: Resolver | Places) -> bool:
        """Whether another resolver comes to the same in every look-up; `Places` are for many questions about one."""
        places = resolver if isinstance(resolver, Places) else Places(resolver)
        return all(places.ask(read) == found for read, found in self._found.items())


class Places:
    """The places of one resolver in which something can be looked up."""

    def __init__(self, resolver: Resolver) -> None:
        self._known: dict[tuple[str, ...], Any] = {(): resolver}

    def ask(self, read: Read) -> Any:
        path, how, what = read
        return _look_up(self._at(path), how, what)

    def _at(self, path: tuple[str, ...]) -> Any:
        if path not in self._known:
            self._known[path] = getattr(self._at(path[:-1]), path[-1])
        return self._known[path]


def _look_up(place: Any, how: str, what: Any) -> Any:
    if how == _GET:
        return place.get(what, _NOT_THERE)
    if how == _CALL:
        given, named = what
        return place(*given, **dict(named))
    return what in place if how == _HAS else place


class _Watched:
    """Stands for a resolver or a part of it."""

    def __init__(self, place: Any, path: tuple[str, ...], found: dict[Read, Any]) -> None:
        self._place, self._path, self._found = place, path, found

    def __getattr__(self, name: str) -> Any:
        value, path = getattr(self._place, name), (*self._path, name)
        if isinstance(value, _PARTS):
            stands_for: Any = _Watched(value, path, self._found)
        elif isinstance(value, Mapping | Set):
            stands_for = _WatchedTable(value, path, self._found)
        elif callable(value):
            stands_for = _watched_call(value, path, self._found)
        else:
            self._found[path, _ITSELF, None] = value
            return value
        self.__dict__[name] = stands_for
        return stands_for


class _WatchedTable:
    """Stands for a table or a set; who looks at more than single places of it looks at all of it."""

    __slots__ = ("_found", "_path", "_table")

    def __init__(self, table: Any, path: tuple[str, ...], found: dict[Read, Any]) -> None:
        self._table, self._path, self._found = table, path, found

    def __contains__(self, key: Hashable) -> bool:
        return bool(self._ask(_HAS, key))

    def __getitem__(self, key: Hashable) -> Any:
        value = self._ask(_GET, key)
        if value is _NOT_THERE:
            raise KeyError(key)
        return value

    def get(self, key: Hashable, default: Any = None) -> Any:
        value = self._ask(_GET, key)
        return default if value is _NOT_THERE else value

    def __iter__(self) -> Iterator[Any]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._whole())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole(), name)

    def _whole(self) -> Any:
        self._found[self._path, _ITSELF, None] = self._table
        return self._table

    def _ask(self, how: str, key: Hashable) -> Any:
        read = (self._path, how, key)
        if read not in self._found:
            self._found[read] = _look_up(self._table, how, key)
        return self._found[read]


def _watched_call(function: Callable[..., Any], path: tuple[str, ...], found: dict[Read, Any]) -> Callable[..., Any]:
    def call(*given: Hashable, **named: Hashable) -> Any:
        read = (path, _CALL, (given, tuple(named.items())))
        if read not in found:
            answer = function(*given, **named)
            if isinstance(answer, Iterator):
                raise TypeError(f"What {'.'.join(path)} gives can be looked at only once.")
            found[read] = answer
        return found[read]

    return call
