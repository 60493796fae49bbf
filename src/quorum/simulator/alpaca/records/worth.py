"""What the account was worth at each minute of the run, as its journal has it."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from quorum.domain import MINUTE, ZERO
from quorum.simulator.core import Exchange

_KINDS = ("opened", "marked", "traded", "adjusted")


class Worth:
    """The equity at the end of each minute in which something happened, read from the journal as it grows.

    `opening` is what the account began with, known once it was asked `at` an instant.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._read = 0
        self.opening = ZERO
        self._cash = ZERO
        self._held: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        self._marks: dict[str, Decimal] = {}
        self._minutes: list[int] = []
        self._values: list[Decimal] = []

    def at(self, instant: int) -> Decimal:
        """The equity at `instant` (ns UTC); 0 before the account was opened."""
        self._catch_up()
        if self._minutes and instant >= (self._minutes[-1] + 1) * MINUTE:
            return self._exchange.means.equity if instant >= self._exchange.clock.now() else self._values[-1]
        place = bisect_right(self._minutes, instant // MINUTE)
        return self._values[place - 1] if place else ZERO

    def _catch_up(self) -> None:
        journal = self._exchange.journal
        lines = journal.lines(self._read, _KINDS)
        self._read = journal.count
        for line in lines:
            self._take(line)
            minute = int(line["at"]) // MINUTE
            if self._minutes and self._minutes[-1] >= minute:
                self._values[-1] = self._sum()
            else:
                self._minutes.append(minute)
                self._values.append(self._sum())

    def _sum(self) -> Decimal:
        return self._cash + sum((n * self._marks.get(s, ZERO) for s, n in self._held.items() if n), ZERO)

    def _take(self, line: Mapping[str, Any]) -> None:
        match line["kind"]:
            case "opened":
                self._cash = self.opening = Decimal(line["cash"])
            case "marked":
                self._marks[line["symbol"]] = Decimal(line["last"])
            case "traded":
                self._trade(line)
            case "adjusted" if line["symbol"] is None:
                self._cash += Decimal(line["quantity"])
            case "adjusted":
                self._held[line["symbol"]] += Decimal(line["quantity"])
                self._marks.setdefault(line["symbol"], Decimal(line["price"]))
            case _:
                pass

    def _trade(self, line: Mapping[str, Any]) -> None:
        quantity, price, fee = (Decimal(line[name]) for name in ("quantity", "price", "fee"))
        sign = 1 if line["side"] == "buy" else -1
        self._cash -= sign * quantity * price
        self._held[line["symbol"]] += sign * quantity
        self._marks.setdefault(line["symbol"], price)
        if line["fee_currency"] == self._exchange.floor.currency:
            self._cash -= fee
        else:
            self._held[line["symbol"]] -= fee
