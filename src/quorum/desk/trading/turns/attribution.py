"""What each deployed strategy has earned: from the ledger's own lines of it, and its fills against their decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quorum.desk.desk import Desk
from quorum.domain import DAY, ZERO, plain
from quorum.execution.ledger import CASH, FEES, HOLDING

TABLES = ("entry", "posting", "fill", "fill_share", "intent", "strategy_position", "strategy_target", "mark")
BPS = Decimal(10_000)
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Attribution:
    """What a strategy did in a symbol of an account, in the quote currency; `realised` is before fees.

    `slippage_bps` is how much worse its fills were than the prices that they were decided at, weighted by what was
    traded, None without a fill; stops, which nobody decides, are left out. `fills` counts its shares of fills.
    """

    strategy_id: str
    account: str
    symbol: str
    quantity: Decimal
    cost: Decimal
    mark: Decimal | None
    realised: Decimal
    fees: Decimal
    slippage_bps: Decimal | None
    fills: int

    @property
    def unrealised(self) -> Decimal:
        return ZERO if self.mark is None else self.quantity * self.mark - self.cost

    @property
    def profit(self) -> Decimal:
        """All of it, after fees."""
        return self.realised + self.unrealised - self.fees

    def told(self) -> dict[str, Any]:
        """The plain values."""
        names = ("strategy_id", "account", "symbol", "quantity", "mark", "realised", "unrealised", "fees", "profit")
        slipped = None if self.slippage_bps is None else round(float(self.slippage_bps), 4)
        return {name: plain(getattr(self, name)) for name in names} | {"slippage_bps": slipped, "fills": self.fills}


@dataclass(frozen=True, slots=True)
class Flow:
    """What an entry of the ledger moved for a strategy: cash by nothing named, else units of a symbol."""

    time: int
    symbol: str
    amount: Decimal


def attributions(desk: Desk) -> list[Attribution]:
    """Every strategy's result by account and symbol, as of the last prices that the accounts have seen."""
    rows = desk.rows(TABLES)
    marks = {(row["account"], row["symbol"]): Decimal(row["price"]) for row in rows["mark"]}
    fees, slipped = _fees(rows), _slippage(rows)
    found = []
    for row in rows["strategy_position"]:
        key = (row["account"], row["strategy_id"], row["symbol"])
        traded, worse, count = slipped.get(key, (ZERO, ZERO, 0))
        found.append(
            Attribution(
                row["strategy_id"],
                row["account"],
                row["symbol"],
                Decimal(row["quantity"]),
                Decimal(row["cost"]),
                marks.get((row["account"], row["symbol"])),
                Decimal(row["realised"]),
                fees.get(key, ZERO),
                worse / traded * BPS if traded else None,
                count,
            )
        )
    return sorted(found, key=lambda one: (one.strategy_id, one.account, one.symbol))


def flows(rows: Rows, strategy_id: str) -> list[Flow]:
    """What the ledger moved for a strategy, oldest first: fills, fees, crosses, funding, splits."""
    times = {row["entry_id"]: row["time"] for row in rows["entry"]}
    cash, holding = f"{CASH}:{strategy_id}", f"{HOLDING}:{strategy_id}"
    found = [
        Flow(times[row["entry_id"]], "" if row["ledger_account"] == cash else row["commodity"], Decimal(row["amount"]))
        for row in rows["posting"]
        if row["ledger_account"] in (cash, holding)
    ]
    return sorted(found, key=lambda flow: flow.time)


def daily_worth(moves: Iterable[Flow], days: Sequence[int], close: Mapping[str, Mapping[int, float]]) -> list[float]:
    """What a strategy's flows came to at the end of each of `days` (midnights, ns UTC), its holdings at their closes.

    `close` has by symbol the newest close that was known at the end of each day.
    """
    waiting: Iterator[Flow] = iter(moves)
    flow, cash, found = next(waiting, None), 0.0, []
    held: dict[str, float] = defaultdict(float)
    for day in days:
        while flow is not None and flow.time < day + DAY:
            if flow.symbol:
                held[flow.symbol] += float(flow.amount)
            else:
                cash += float(flow.amount)
            flow = next(waiting, None)
        found.append(cash + sum(units * close[symbol][day] for symbol, units in held.items() if abs(units) > 1e-12))
    return found


def _fees(rows: Rows) -> dict[tuple[str, str, str], Decimal]:
    """Fees by account, strategy and symbol, in the quote currency; one in what was traded counts at its price."""
    accounts = {row["entry_id"]: (row["account"], row["reference"]) for row in rows["entry"]}
    fills = {row["fill_id"]: row for row in rows["fill"]}
    found: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in rows["posting"]:
        name, colon, owner = row["ledger_account"].rpartition(":")
        account, reference = accounts[row["entry_id"]]
        if colon and name == FEES and reference in fills:
            fill = fills[reference]
            in_base = fill["symbol"].startswith(row["commodity"])
            price = Decimal(fill["price"]) if in_base else Decimal(1)
            found[account, owner, fill["symbol"]] += Decimal(row["amount"]) * price
    return found


def _slippage(rows: Rows) -> dict[tuple[str, str, str], tuple[Decimal, Decimal, int]]:
    """By account, strategy and symbol: what was traded at its decisions' prices, how much worse it was, shares."""
    intents = {row["client_order_id"]: row for row in rows["intent"]}
    fills = {row["fill_id"]: row for row in rows["fill"]}
    found: dict[tuple[str, str, str], tuple[Decimal, Decimal, int]] = {}
    for share in rows["fill_share"]:
        fill = fills[share["fill_id"]]
        intent = intents[fill["client_order_id"]]
        key = (intent["account"], share["strategy_id"], fill["symbol"])
        traded, worse, count = found.get(key, (ZERO, ZERO, 0))
        quantity, price = Decimal(share["quantity"]), Decimal(intent["price"])
        if intent["trigger"] is None:
            traded += abs(quantity) * price
            worse += quantity * (Decimal(fill["price"]) - price)
        found[key] = (traded, worse, count + 1)
    return found
