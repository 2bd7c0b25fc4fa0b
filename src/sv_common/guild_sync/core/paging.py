"""Long lists in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import Field

PAGE_SIZE = 50

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list, of 50 entries at most. A class of its own for one kind of list names the type of `items` again."""

    items: Sequence[Item]
    number: Annotated[int, Field(serialization_alias="page", description="Which page it is, from 1 on.")]
    pages: Annotated[int, Field(description="How many pages there are.")]
    total: Annotated[int, Field(description="How many entries the whole list has.")]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page lies in a list of `total`; a number beyond the last page means the last one."""

    total: int
    asked: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def number(self) -> int:
        return min(max(1, self.asked), self.pages)

    @property
    def offset(self) -> int:
        return (self.number - 1) * PAGE_SIZE

    def page(self, items: Sequence[Item]) -> Page[Item]:
        return Page(items, self.number, self.pages, self.total)


def page_of(items: Sequence[Item], number: int) -> Page[Item]:
    place = Place(len(items), number)
    return place.page(items[place.offset : place.offset + PAGE_SIZE])
