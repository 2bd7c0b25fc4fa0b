"""Fields of constants, such as a rule's name: written once as marked English, read in the language of whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from sv_common.guild_sync.core.language import tr

_Class = TypeVar("_Class")
_Values: TypeAlias = Callable[[Any], Mapping[str, object]]


class _Read(str):
    """A text as it was read, which keeps its message: a copy of the object, as by `replace`, is translated again."""

    __slots__ = ("message",)
    message: str


class _Field:
    """Stands before a slot of a dataclass."""

    def __init__(self, slot: Any, values: _Values) -> None:
        self._slot, self._values = slot, values

    def __get__(self, owner: object | None, _: type) -> Any:
        if owner is None:
            return self
        message = self.message(owner)
        if not message:
            return message
        text = _Read(tr(message, **self._values(owner)))
        text.message = message
        return text

    def __set__(self, owner: object, text: str | None) -> None:
        self._slot.__set__(owner, text.message if isinstance(text, _Read) else text)

    def message(self, owner: object) -> Any:
        return self._slot.__get__(owner)


def message_in(owner: object, name: str) -> str:
    """Return what was written into a translated field, in English and with its placeholders."""
    field: _Field = getattr(type(owner), name)
    return str(field.message(owner))


def translated(*names: str, filled_with: _Values = lambda _: {}) -> Callable[[type[_Class]], type[_Class]]:
    """Let fields of a dataclass with slots be read in the language of the task.

    `filled_with` returns what stands for the placeholders in them.
    """

    def prepare(cls: type[_Class]) -> type[_Class]:
        for name in names:
            setattr(cls, name, _Field(cls.__dict__[name], filled_with))
        return cls

    return prepare
