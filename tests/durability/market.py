"""A desk on a small synthetic market, and an instant at which it is known to trade."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from quorum.bootstrap import open_desk
from quorum.desk import BookReport, CycleRecord, Desk, Question, books, convene, make_workspace, settle
from quorum.domain import HOUR, OrderStatus, Timeframe, VirtualClock, iso, parse_instant
from quorum.lake import Bars, synthetic_market

ACCOUNT, SYMBOL = "paper", "ALFAUSDT"
HOURLY = Timeframe.parse("1h")
START, BARS = parse_instant("2024-01-01"), 400
END = START + BARS * HOUR
GIVEN_UP = (OrderStatus.NEVER_ARRIVED, OrderStatus.REJECTED, OrderStatus.EXPIRED, OrderStatus.CANCELLED)


@dataclass(frozen=True)
class Occasion:
    """A workspace in which a cycle at `as_of` buys, and needs two bars to be filled."""

    home: Path
    as_of: int

    def copy(self, home: Path) -> Occasion:
        """The same in a folder of its own."""
        shutil.copytree(self.home, home)
        return Occasion(home, self.as_of)

    def desk(self) -> Desk:
        return open_desk(self.home, VirtualClock(END))

    def question(self) -> Question:
        return Question(SYMBOL, HOURLY, self.as_of, paper=True)


def make_occasion(home: Path) -> Occasion:
    """Import the market, look for the first instant at which the desk buys, and make the venue thin there."""
    make_workspace(home, ("momentum",))
    market = synthetic_market(7, (SYMBOL,), HOURLY, START, BARS)[SYMBOL]
    file = home / "data" / f"{SYMBOL}.synthetic_1h.csv"
    _write(file, market)
    desk = open_desk(home, VirtualClock(END))
    desk.lake.import_path(file)
    for bar in range(250, BARS - 10):
        as_of = START + bar * HOUR
        order = convene(desk, Question(SYMBOL, HOURLY, as_of)).order
        if order is not None:
            assert market.volume is not None
            share = Decimal("0.6") * Decimal(order["quantity"]) / Decimal(float(market.volume[bar]))
            execution = home / "config" / "execution.yaml"
            execution.write_text(f"simulated_venue:\n  max_volume_share: {share:.4f}\n")
            (home / "desk.db").unlink()
            for rest in ("desk.db-wal", "desk.db-shm"):
                (home / rest).unlink(missing_ok=True)
            return Occasion(home, as_of)
    raise AssertionError("the market never makes the desk buy")


def _write(path: Path, bars: Bars) -> None:
    columns = bars.columns()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        writer.writerows((iso(time), *row) for time, *row in rows)


def own_process(home: Path) -> None:
    """Let the venue live in a process of its own."""
    with (home / "config" / "execution.yaml").open("a", encoding="utf-8") as file:
        file.write("  process: own_process\n")


@dataclass(frozen=True)
class Aftermath:
    """What is left of the occasion, here and at the venue; `orders` are those that were not given up."""

    orders: tuple[str, ...]
    filled: Decimal
    placed: tuple[str, ...]
    fills: Mapping[str, tuple[Any, ...]]
    venue_fills: Mapping[str, tuple[Any, ...]]
    report: BookReport
    decisions: int

    @property
    def book(self) -> tuple[Decimal, Decimal]:
        """Cash and holding."""
        return self.report.book.cash, self.report.book.quantity(SYMBOL)


def aftermath(occasion: Occasion, desk: Desk) -> Aftermath:
    """Look at books and venue; the venue's journal is read line by line."""
    orders = [o for o in desk.orders.of(ACCOUNT) if o.status not in GIVEN_UP]
    events = journal(occasion.home)
    fills = [f for o in desk.orders.of(ACCOUNT) for f in desk.orders.fills_of(o.intent.client_order_id)]
    return Aftermath(
        tuple(o.intent.client_order_id for o in orders),
        sum((o.filled for o in orders), Decimal(0)),
        tuple(e["id"] for e in events if e["kind"] == "order"),
        {f.fill_id: (f.client_order_id, f.quantity, f.price, f.fee, f.time) for f in fills},
        {
            e["fill"]: (e["id"], Decimal(e["quantity"]), Decimal(e["price"]), Decimal(e["fee"]), e["time"])
            for e in events
            if e["kind"] == "fill"
        },
        books(desk, ACCOUNT),
        len(desk.rows(["decision"])["decision"]),
    )


def journal(home: Path) -> list[dict[str, Any]]:
    """The venue's events; a line without its end was never acknowledged."""
    path = home / "venue" / f"{ACCOUNT}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def cycle(occasion: Occasion, desk: Desk) -> CycleRecord:
    return convene(desk, occasion.question())


def close(occasion: Occasion, desk: Desk) -> None:
    """Let the time of every order of the occasion run out, and book what came of it."""
    settle(desk, ACCOUNT, VirtualClock(occasion.as_of + 10 * HOUR))
