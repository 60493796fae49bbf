"""A desk's store against the journal of the venue that it traded at."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from quorum.execution import audit

AUDITED = (
    *("entry", "posting", "fill", "balance", "position", "fill_share", "strategy_position"),
    *("intent", "order_event", "order_state", "decision", "account"),
)
Lines = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """What one schedule came to: orders that happened twice, fills that are not booked, differences left, in words.

    `orders` and `fills` are the venue's counts of ours, `fired` the faults that happened, `kills` the lives that ended.
    """

    seed: int
    duplicates: tuple[str, ...]
    lost: tuple[str, ...]
    differences: tuple[str, ...]
    orders: int
    fills: int
    fired: tuple[str, ...]
    kills: int

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.duplicates or self.lost or self.differences)


def compared(seed: int, home: Path, journal: Path, kills: int, ended: Sequence[str]) -> Found:
    """Every order, fill, holding and the cash of the desk at `home` against the journal."""
    lines: Lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    tables = _tables(home / "desk.db")
    names = {row["client_order_id"]: row for row in tables["intent"]}
    accepted = {line["order_id"]: line["ticket"] for line in lines if line["kind"] == "accepted"}
    ours = {key: ticket for key, ticket in accepted.items() if ticket["origin"] != "manual"}
    fills = [line for line in lines if line["kind"] == "traded" and line["order_id"] in ours]
    return Found(
        seed,
        tuple(_duplicates(ours, names)),
        tuple(_lost(ours, fills, tables)),
        (*ended, *_statuses(ours, lines, tables), *_differences(lines, tables)),
        len(ours),
        len(fills),
        tuple(line["fault"] for line in lines if line["kind"] == "fired"),
        kills,
    )


def _duplicates(ours: dict[str, Any], names: dict[str, Any]) -> Iterator[str]:
    """Orders at the venue of which there are two for one wish, and those that nobody here intended."""
    wishes: Counter[str] = Counter()
    for ticket in ours.values():
        intent = names.get(ticket["client_order_id"])
        if intent is None:
            yield f"{ticket['client_order_id']} was placed and never intended"
        else:
            wishes[_wish(intent)] += 1
    for wish, count in wishes.items():
        if count > 1:
            yield f"{count} orders arrived for {wish}"


def _wish(intent: dict[str, Any]) -> str:
    return str(json.loads(intent["proposal"])["key"])


def _lost(ours: dict[str, Any], fills: Lines, tables: dict[str, Any]) -> Iterator[str]:
    """Orders of which other quantities, or other amounts, are booked than were traded."""
    traded: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
    booked: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
    for line in fills:
        _add(traded[ours[line["order_id"]]["client_order_id"]], line)
    for row in tables["fill"]:
        _add(booked[row["client_order_id"]], row)
    for name in traded.keys() | booked.keys():
        if traded[name] != booked[name]:
            yield f"{name}: {float(traded[name][0])} traded, {float(booked[name][0])} booked"


def _add(sums: list[Fraction], row: dict[str, Any]) -> None:
    quantity = Fraction(row["quantity"])
    sums[0] += quantity
    sums[1] += quantity * Fraction(row["price"])


def _statuses(ours: dict[str, Any], lines: Lines, tables: dict[str, Any]) -> Iterator[str]:
    """Orders that never arrived by the books and were taken all the same, and those that the venue still works."""
    status = {row["client_order_id"]: row["status"] for row in tables["order_state"]}
    traded: dict[str, Fraction] = defaultdict(Fraction)
    for line in lines:
        if line["kind"] == "traded":
            traded[line["order_id"]] += Fraction(line["quantity"])
    over = {line["order_id"] for line in lines if line["kind"] == "ended"}
    for key, ticket in ours.items():
        name = ticket["client_order_id"]
        if status.get(name) == "never_arrived":
            yield f"order {name} never arrived, and the venue has taken it"
        if key not in over and traded[key] < Fraction(ticket["quantity"]):
            yield f"order {name} is {status.get(name)} here and open at the venue"


def _differences(lines: Lines, tables: dict[str, Any]) -> Iterator[str]:
    """Holdings and cash that are not the venue's, open orders, halts, and what the audit finds."""
    cash, held = _truth(lines)
    here = {row["symbol"]: Fraction(row["quantity"]) for row in tables["position"]}
    for symbol in sorted(held.keys() | here.keys()):
        if held.get(symbol, Fraction(0)) != here.get(symbol, Fraction(0)):
            yield f"{symbol}: {float(here.get(symbol, 0))} here, {float(held.get(symbol, 0))} at the venue"
    mine = sum((Fraction(r["amount"]) for r in tables["balance"] if _is_cash(r["ledger_account"])), Fraction(0))
    if abs(mine - cash) > Fraction(1, 100):
        yield f"cash: {float(mine)} here, {float(cash)} at the venue"
    for row in tables["order_state"]:
        if int(row["open"]):
            yield f"order {row['client_order_id']} is still {row['status']}"
    yield from (f"halted: {row['reason']}" for row in tables["halt"] if row["lifted_at"] is None)
    yield from audit(tables).faults


def _is_cash(name: str) -> bool:
    return name == "assets:cash" or name.startswith("assets:cash:")


def _truth(lines: Lines) -> tuple[Fraction, dict[str, Fraction]]:
    """Cash and holdings by the journal alone."""
    cash = Fraction(0)
    held: dict[str, Fraction] = defaultdict(Fraction)
    for line in lines:
        if line["kind"] == "opened":
            cash += Fraction(line["cash"])
        elif line["kind"] == "adjusted" and line["symbol"] is None:
            cash += Fraction(line["quantity"])
        elif line["kind"] == "adjusted":
            held[line["symbol"]] += Fraction(line["quantity"])
        elif line["kind"] == "traded":
            sign = 1 if line["side"] == "buy" else -1
            quantity, fee = Fraction(line["quantity"]), Fraction(line["fee"])
            held[line["symbol"]] += sign * quantity
            cash -= sign * quantity * Fraction(line["price"])
            if line["fee_currency"] == "USD":
                cash -= fee
            else:
                held[line["symbol"]] -= fee
    return cash, dict(held)


def _tables(path: Path) -> dict[str, Any]:
    """The rows of the store, numbers as they are written; an intent has its proposal beside it."""
    with sqlite3.connect(path) as database:
        database.row_factory = sqlite3.Row
        found = {name: [dict(row) for row in database.execute(f"select * from {name}")] for name in (*AUDITED, "halt")}  # noqa: S608
    database.close()
    outcomes = {row["decision_id"]: json.loads(row["outcome"]) for row in found["decision"]}
    for row in found["intent"]:
        row["proposal"] = json.dumps(outcomes.get(row["decision_id"], {}).get("proposal"))
    return found
