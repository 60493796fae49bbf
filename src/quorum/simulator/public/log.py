"""What was traded, packed: whole numbers in columns, a tenth of what the values themselves would take."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable
from decimal import Decimal
from typing import Generic, TypeVar

from quorum.domain import Side
from quorum.simulator.public.words import Deal, Print

T = TypeVar("T")
_TIME = 1  # the column of instants


class Log(Generic[T]):
    """The newest `most` trades or deals in their order, with all that they say but their frames."""

    def __init__(
        self, most: int, width: int, pack: Callable[[T], tuple[int, ...]], unpack: Callable[[list[int]], T]
    ) -> None:
        self._most = most
        self._pack = pack
        self._unpack = unpack
        self._columns = [array("q") for _ in range(width)]

    def __len__(self) -> int:
        return len(self._columns[0])

    def __getitem__(self, place: int) -> T:
        return self._unpack([column[place] for column in self._columns])

    def append(self, one: T) -> None:
        """Keep one more; of too many the oldest tenth goes."""
        for column, value in zip(self._columns, self._pack(one), strict=True):
            column.append(value)
        if len(self) > self._most:
            for column in self._columns:
                del column[: max(self._most // 10, 1)]

    def part(self, first: int, most: int) -> list[T]:
        """At most so many from a place on."""
        return [self[place] for place in range(first, min(first + most, len(self)))]

    def place_at(self, instant: int) -> int:
        """The place of the first at or after `instant` (ns UTC)."""
        return bisect_left(self._columns[_TIME], instant)


def prints(most: int) -> Log[Print]:
    """A log of trades."""
    return Log(most, 7, _packed_print, _unpacked_print)


def deals(most: int) -> Log[Deal]:
    """A log of deals."""
    return Log(most, 9, _packed_deal, _unpacked_deal)


def _packed_print(each: Print) -> tuple[int, ...]:
    flags = (each.taker is Side.BUY) + 2 * each.limit
    return each.number, each.time, *_parts(each.price), *_parts(each.size), flags


def _unpacked_print(row: list[int]) -> Print:
    number, time, price, at, size, of, flags = row
    taker = Side.BUY if flags & 1 else Side.SELL
    return Print(number, time, Decimal(price).scaleb(at), Decimal(size).scaleb(of), taker, bool(flags & 2))


def _packed_deal(each: Deal) -> tuple[int, ...]:
    both = (*_parts(each.price), *_parts(each.size))
    return each.number, each.time, *both, each.first, each.last, int(each.taker is Side.BUY)


def _unpacked_deal(row: list[int]) -> Deal:
    number, time, price, at, size, of, first, last, buys = row
    sizes = Decimal(price).scaleb(at), Decimal(size).scaleb(of)
    return Deal(number, time, *sizes, first, last, Side.BUY if buys else Side.SELL)


def _parts(value: Decimal) -> tuple[int, int]:
    """A number as a whole one and its power of ten."""
    exponent = int(value.as_tuple().exponent)
    return int(value.scaleb(-exponent)), exponent
