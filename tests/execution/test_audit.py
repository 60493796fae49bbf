"""The audit finds any one value that was changed, any row that is gone and any that is there twice."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from domain.words import NOW, fill
from execution.books import AUDITED, Books, books_at, judged
from quorum.domain import MINUTE, MOVES, Choice, DecisionKind, Money, OrderEvent, OrderStatus, Part, Side, canonical
from quorum.execution import (
    Cross,
    Income,
    Posting,
    audit,
    entries_of_transfer,
    entry_of_adjustment,
    entry_of_conversion,
    entry_of_income,
    next_attempt,
)
from quorum.execution.audit.orders import ENDS, NEXT
from quorum.execution.audit.rows import DECIMAL
from quorum.execution.ledger import CASH
from quorum.execution.reconcile import PositionGap, entry_of_adoption

S = OrderStatus
Tables = Mapping[str, list[dict[str, Any]]]
Change = tuple[str, Mapping[str, Any], str, Any]
Edit = tuple[str, Mapping[str, Any], Mapping[str, Any]]

STATE_ONLY = "what the sender was told, and no amount of the ledger follows from it"
NAMES = "a name that nothing is booked by"
REPLAY = "what a decision was made of: `replay` makes it again"
NOT_THE_LEDGER_S = {
    ("intent", "intent_id"): NAMES,
    ("intent", "collar"): STATE_ONLY,
    ("intent", "account_version"): STATE_ONLY,
    ("intent", "created_at"): STATE_ONLY,
    ("intent", "expires_at"): STATE_ONLY,
    **{("intent", name): STATE_ONLY for name in ("exit", "kind", "hold", "trigger", "replaces")},
    ("order_event", "detail"): "words for people",
    ("decision", "sequence"): NAMES,
    **{("decision", name): REPLAY for name in ("at", "subject", "as_of", "inputs", "rationale", "parents")},
    **{("decision", name): REPLAY for name in ("code_hash", "machine")},
    ("decision", "outcome"): "a text of many values: those that approve an order have tests of their own below",
}


def trade(books: Books, number: int, statuses: Sequence[OrderStatus], *parts: tuple[str, str], **changed: Any) -> None:
    """Commit an order, move it, and book its parts (quantity and price), with a fee of a tenth of a percent."""
    end = [s for s in statuses if s in (S.EXPIRED, S.CANCELLED)]
    fee_currency = changed.pop("fee_currency", "USDT")
    order = books.commit(number, **changed)
    with books.work.transaction(order.intent.account) as transaction:
        for status in [s for s in statuses if s not in end]:
            transaction.append(OrderEvent(f"Q{number}", status, NOW + number, str(status)))
        for n, (size, price) in enumerate(parts, 1):
            fee = Decimal(size) * Decimal(price) / 1000 if fee_currency != "none" else Decimal(0)
            names = {"fill_id": f"Q{number}-{n}", "client_order_id": f"Q{number}", "symbol": order.intent.symbol}
            paid = {"fee": fee, "fee_currency": fee_currency, "time": NOW + number * MINUTE + n}
            transaction.book_fill(fill(order.intent.side, size, price, **names, **paid))
        for status in end:
            transaction.append(OrderEvent(f"Q{number}", status, NOW + number, "the end"))


def beside(books: Books) -> None:
    """What comes and goes by no order: a cross, income, splits, a conversion, a transfer, what was adopted."""
    at = iter(range(NOW + 30 * MINUTE, NOW + 60 * MINUTE, MINUTE))
    with books.work.both("paper", "shares") as (mine, theirs):
        mine.cross("BTCUSDT", Cross("STR-002", "STR-001", Decimal("0.7")), Decimal("104.5"), (next(at), "cross-1"))
        mine.enter(entry_of_income("paper", Income.FUNDING, Money(Decimal("-0.37"), "USDT"), (next(at), "funded-1")))
        shares = {"STR-001": Decimal(1), "STR-002": Decimal(2), "": Decimal(3)}
        paid = Money(Decimal("1.01"), "USDT")
        mine.enter(entry_of_income("paper", Income.DIVIDEND, paid, (next(at), "paid-1"), shares, "BTCUSDT"))
        mine.enter(
            entry_of_conversion("paper", Money(Decimal(5), "USDT"), Money(Decimal("4.9"), "USD"), (next(at), "swap"))
        )
        out, into = entries_of_transfer(("paper", "shares"), Money(Decimal("4.9"), "USD"), (next(at), "moved-1"))
        mine.enter(out)
        theirs.enter(into)
        theirs.enter(entry_of_income("shares", Income.INTEREST, Money(Decimal("0.2"), "USD"), (next(at), "int-1")))
        theirs.split("AAPL", Decimal(3), (next(at), "split-1"))
        mine.split("BTCUSDT", Decimal("1.5"), (next(at), "split-2"))
        theirs.enter(entry_of_adjustment("shares", CASH, "USD", Decimal("-0.01"), (next(at), "put-right-1")))
        gap = PositionGap("MSFT", Decimal(0), Decimal(2))
        theirs.enter(entry_of_adoption("shares", gap, Decimal("301.5"), (next(at), "found-1")))


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The rows of two accounts after trades of every course."""
    books = books_at(tmp_path_factory.mktemp("life"))
    sell: dict[str, Any] = {"side": Side.SELL, "collar": Decimal(90), "reserve": Decimal(1000)}
    trade(books, 1, [S.SENT, S.ACCEPTED], ("4", "100"), ("6", "100.3"))
    trade(books, 2, [S.SENT], ("3", "110.07"), quantity=Decimal(3), fee_currency="BNB", **sell)
    trade(books, 3, [S.SENT, S.UNKNOWN], ("3", "99"), quantity=Decimal(3), fee_currency="none", **sell)
    trade(books, 4, [S.SENT, S.EXPIRED], ("2.5", "95.01"))
    trade(books, 5, [S.SENT, S.NEVER_ARRIVED])
    trade(books, 7, [S.SENT, S.REJECTED], symbol="ETHUSDT")
    trade(books, 8, [S.CANCELLED])
    trade(books, 9, [])
    trade(books, 10, [S.SENT], ("10", "20"), symbol="ETHUSDT")
    trade(books, 11, [S.SENT], ("10", "20"), symbol="ETHUSDT", **sell)
    trade(books, 12, [S.SENT], ("7", "180.5"), account="shares", symbol="AAPL", fee_currency="USD", **sell)
    trade(
        books,
        13,
        [S.SENT],
        ("2", "101"),
        ("5", "102"),
        parts=(Part("STR-001", Decimal(7)), Part("STR-002", Decimal(3))),
    )
    mine: dict[str, Any] = {"parts": (Part("STR-001", Decimal(-4)),), "quantity": Decimal(4), **sell}
    trade(books, 14, [S.SENT], ("1.5", "103"), fee_currency="BTC", **mine)
    beside(books)
    again = replace(next_attempt(books.get(5).intent, 2), client_order_id="Q6")
    with books.work.transaction("paper") as transaction:
        transaction.intend(again)
        for status in (S.SENT, S.ACCEPTED):
            transaction.append(OrderEvent("Q6", status, NOW))
        transaction.book_fill(fill(Side.BUY, "0.3", "101", fill_id="Q6-1", client_order_id="Q6"))
        transaction.record(judged(again, verdict="vetoed", quantity="0", reasons=["no room"]))
        transaction.record(judged(again, verdict="shrunk", quantity="3"))
        transaction.record(Choice(DecisionKind.CONSENSUS, "BTCUSDT", NOW, {}, {"votes": []}, "both agree"))
    rows = books.rows()
    books.database.close()
    assert {row["status"] for row in rows["order_state"]} == set(S) - {S.SENT, S.UNKNOWN, S.ACCEPTED}
    return rows


def unit(number: str) -> Decimal:
    return Decimal(1).scaleb(int(Decimal(number).as_tuple().exponent))


def others(value: Any, known: list[Any]) -> Iterator[Any]:
    """Other values for a cell: a unit of the last place more, other text, and the next of what stands in its column."""
    if isinstance(value, int):
        yield value + 1
    elif value is None:
        yield known[0] if known else "x"
    elif DECIMAL.fullmatch(value):
        yield str(Decimal(value) + unit(value))
    else:
        yield value + "x"
        yield from known[known.index(value) + 1 :][:1] or known[:1]


def changes(tables: Tables, table: str) -> Iterator[Change]:
    rows = tables[table]
    for column in rows[0]:
        known = sorted({row[column] for row in rows} - {None})
        for row in rows:
            for value in others(row[column], known):
                if value != row[column] and is_the_ledger_s(tables, (table, row, column, value)):
                    yield table, row, column, value


def found(tables: Tables, change: Change) -> bool:
    table, row, column, value = change
    rows = [{**r, column: value} if r is row else r for r in tables[table]]
    return bool(audit({**tables, table: rows}).faults)


def approval(tables: Tables, decision_id: str) -> Any:
    """What a decision approved, in so far as an order tells it."""
    (outcome,) = [json.loads(r["outcome"]) for r in tables["decision"] if r["decision_id"] == decision_id]
    return outcome.get("quantity"), {n: v for n, v in outcome.get("proposal", {}).items() if n != "key"}


def is_the_ledger_s(tables: Tables, change: Change) -> bool:
    """Whether a change is one that the books must not bear."""
    table, row, column, value = change
    ended = {r["client_order_id"] for r in tables["order_state"] if not r["open"]}
    match (table, column):
        case ("order_event", "time"):
            return row["fill_id"] is not None
        case ("order_event", "status"):
            return {row["status"], value} != {"accepted", "unknown"}  # both may stand between sent and a fill
        case ("intent", "reserve"):
            return row["client_order_id"] not in ended  # what has ended reserves nothing, whatever it once did
        case ("intent", "decision_id") if not value.endswith("x"):
            return bool(approval(tables, value) != approval(tables, row["decision_id"]))  # else it is as good
        case ("fill", "fee_currency"):
            return Decimal(row["fee"]) != 0  # nothing is booked of no fee
        case ("decision", "kind" | "decision_id"):
            return row["decision_id"] in {r["decision_id"] for r in tables["intent"]}
    return (table, column) not in NOT_THE_LEDGER_S


def test_books_that_nobody_touched_have_no_fault(life: Tables) -> None:
    report = audit(life)
    assert (report.faults, report.balanced) == ((), True)
    assert (report.entries, report.postings, report.fills) == tuple(len(life[n]) for n in ("entry", "posting", "fill"))


@pytest.mark.parametrize("table", AUDITED)
def test_any_one_value_that_is_changed_is_found(life: Tables, table: str) -> None:
    assert [(c[1], c[2:]) for c in changes(life, table) if not found(life, c)] == []


@pytest.mark.parametrize("table", ["fill", "position", "intent", "order_state", "balance"])
def test_a_unit_of_the_last_place_less_is_found_too(life: Tables, table: str) -> None:
    for row in life[table]:
        for column, value in row.items():
            if isinstance(value, str) and DECIMAL.fullmatch(value):
                less = (table, row, column, str(Decimal(value) - unit(value)))
                assert not is_the_ledger_s(life, less) or found(life, less), less


def test_every_column_that_is_left_out_has_its_reason_and_is_there(life: Tables) -> None:
    assert all(column in life[table][0] for table, column in NOT_THE_LEDGER_S)
    assert {table for table, _ in NOT_THE_LEDGER_S} == {"intent", "order_event", "decision"}


def needed(tables: Tables, table: str) -> list[dict[str, Any]]:
    """The rows that cannot be missing; nothing follows from a decision without an order."""
    named = {row["decision_id"] for row in tables["intent"]}
    return [row for row in tables[table] if table != "decision" or row["decision_id"] in named]


@pytest.mark.parametrize("table", AUDITED)
def test_any_one_row_that_is_gone_is_found(life: Tables, table: str) -> None:
    for gone in needed(life, table):
        assert audit({**life, table: [row for row in life[table] if row is not gone]}).faults, gone


@pytest.mark.parametrize("table", AUDITED)
def test_any_one_row_that_is_there_twice_is_found(life: Tables, table: str) -> None:
    for again in life[table]:
        assert audit({**life, table: [*life[table], again]}).faults, again


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("quantity",), "10.1"),
        (("quantity",), "9.9"),
        (("quantity",), "ten"),
        (("quantity",), None),
        (("verdict",), "vetoed"),
        (("verdict",), "shrunk"),
        (("proposal", "quantity"), "10.1"),
        (("proposal", "quantity"), "9"),
        (("proposal", "symbol"), "ETHUSDT"),
        (("proposal", "account"), "shares"),
        (("proposal", "side"), "sell"),
        (("proposal", "purpose"), "reduction"),
        (("proposal", "price"), "100.01"),
        (("proposal",), None),
        (("proposal",), "gone"),
    ],
)
def test_an_approval_that_was_changed_no_longer_covers_its_order(
    life: Tables, path: tuple[str, ...], value: Any
) -> None:
    (first, *rest) = life["decision"]
    outcome = json.loads(first["outcome"])
    place = outcome[path[0]] if len(path) == 2 else outcome
    place[path[-1]] = value
    assert audit({**life, "decision": [{**first, "outcome": json.dumps(outcome)}, *rest]}).faults


def test_a_veto_that_was_turned_is_found_without_an_order(life: Tables) -> None:
    (veto,) = [row for row in life["decision"] if '"vetoed"' in row["outcome"]]
    for text in (
        veto["outcome"].replace('"quantity":"0"', '"quantity":"1"'),
        veto["outcome"].replace("veto", "approv"),
    ):
        rows = [{**row, "outcome": text} if row is veto else row for row in life["decision"]]
        assert text != veto["outcome"]
        assert audit({**life, "decision": rows}).faults


@pytest.mark.parametrize("outcome", ["", "{", "[]", "null", '{"quantity": NaN'])
def test_what_cannot_be_read_is_a_fault_and_no_crash(life: Tables, outcome: str) -> None:
    (first, *rest) = life["decision"]
    report = audit({**life, "decision": [{**first, "outcome": outcome}, *rest]})
    assert report.faults == (f"decision {first['decision_id']} has an outcome that cannot be read",)


@pytest.mark.parametrize("value", ["", "1/2", " 1", "1e3", "NaN", "Infinity", "0x1", "١", "1.", None])
def test_what_is_no_number_is_a_fault_and_no_crash(life: Tables, value: Any) -> None:
    for table, column in (("posting", "amount"), ("entry", "sequence"), ("order_state", "open"), ("fill", "price")):
        (first, *rest) = life[table]
        report = audit({**life, table: [{**first, column: value}, *rest]})
        assert report.faults == (f"{table}: {column} is {value!r}, which is no number",)


def test_two_attempts_that_both_trade_are_more_than_was_approved(life: Tables) -> None:
    states = [
        {**r, "remaining": "10", "reserved": "1010", "open": 1, "status": "sent"} if r["client_order_id"] == "Q5" else r
        for r in life["order_state"]
    ]
    events = [r for r in life["order_event"] if (r["client_order_id"], r["status"]) != ("Q5", "never_arrived")]
    numbered = [{**r, "sequence": n} for n, r in enumerate(events, 1)]
    report = audit({**life, "order_state": states, "order_event": numbered})
    assert [f.partition(" DEC")[0] for f in report.faults] == ["the orders of decision"]


def edited(tables: Tables, *edits: Edit) -> Tables:
    """The tables after several rows were changed; a row is the one that has `where` in its columns."""
    rows = {name: [dict(row) for row in of] for name, of in tables.items()}
    for table, where, values in edits:
        (row,) = [r for r in rows[table] if where.items() <= r.items()]
        row.update(values)
    return rows


def sealed(tables: Tables) -> Tables:
    """The tables with every seal made anew."""
    for account in ("paper", "shares"):
        seal = ""
        for row in [r for r in tables["entry"] if r["account"] == account]:
            lines = [r for r in tables["posting"] if r["entry_id"] == row["entry_id"]]
            postings = tuple(Posting(r["ledger_account"], r["commodity"], Decimal(r["amount"])) for r in lines)
            body = {n: row[n] for n in ("account", "time", "kind", "reference")} | {"postings": postings}
            row["seal"] = seal = sha256(seal.encode() + canonical(body)).hexdigest()
    return tables


EXPIRED, OPENED = {"client_order_id": "Q4"}, {"client_order_id": "Q6"}
APPROVED: Edit = ("decision", {"decision_id": "DEC-20240603-004"}, {"outcome": '{"quantity":"2"}'})


@pytest.mark.parametrize(
    ("edits", "fault"),
    [
        (
            [
                ("posting", {"entry_id": 1, "line": 1}, {"amount": "-10000.01"}),
                ("balance", {"ledger_account": "equity:capital", "commodity": "USDT"}, {"amount": "-10000.01"}),
            ],
            "entry 1 leaves -0.01 USDT",
        ),
        (
            [("fill", {"fill_id": "Q4-1"}, {"time": 7}), ("order_event", {"fill_id": "Q4-1"}, {"time": 7})],
            "fill Q4-1 is not what its entry 7 says",
        ),
        ([("intent", EXPIRED, {"quantity": "2"}), APPROVED], "order Q4 filled more than it asked for"),
        (
            [("order_state", OPENED, {"reserved": "979.70000001"})],
            "order Q6 is partially_filled and reserves 979.70000001 for 9.7",
        ),
    ],
)
def test_changes_that_agree_with_each_other_are_found_where_they_stop(
    life: Tables, edits: list[Edit], fault: str
) -> None:
    assert audit(sealed(edited(life))).faults == ()
    assert audit(sealed(edited(life, *edits))).faults[0] == fault


def of_kind(tables: Tables, kind: str) -> dict[str, Any]:
    return next(row for row in tables["entry"] if row["kind"] == kind)


def turned(tables: Tables, kind: str, old: str, new: str) -> list[Edit]:
    """The postings of an entry of a kind, moved from one ledger account to another."""
    entry = of_kind(tables, kind)["entry_id"]
    lines = [row for row in tables["posting"] if row["entry_id"] == entry and row["ledger_account"] == old]
    return [("posting", {"entry_id": entry, "line": row["line"]}, {"ledger_account": new}) for row in lines]


@pytest.mark.parametrize(
    ("kind", "old", "new", "fault"),
    [
        ("perpetual_funding", "income:perpetual_funding", "equity:capital", "is no perpetual_funding"),
        ("interest", "income:interest", "income:dividend", "is no interest"),
        ("split", "equity:splits", "equity:adjustments", "is no split"),
        ("adjustment", "equity:adjustments", "income:interest", "is no adjustment"),
        ("adoption", "equity:adjustments", "equity:capital", "is no adoption"),
        ("conversion", "trading", "equity:transfers", "is no conversion"),
        ("cross", "assets:cash:STR-001", "assets:cash", "does not cross between strategies"),
        ("transfer", "equity:transfers", "equity:capital", "is no transfer"),
    ],
)
def test_lines_that_an_entry_of_its_kind_has_not_are_found_under_sound_seals(
    life: Tables, kind: str, old: str, new: str, fault: str
) -> None:
    edits = turned(life, kind, old, new)
    assert edits
    assert any(fault in found for found in audit(sealed(edited(life, *edits))).faults)


def test_an_entry_of_no_known_kind_is_found(life: Tables) -> None:
    entry = of_kind(life, "split")["entry_id"]
    faults = audit(sealed(edited(life, ("entry", {"entry_id": entry}, {"kind": "gift"})))).faults
    assert f"entry {entry} is no gift" in faults[0]


@pytest.mark.parametrize("change", [{"reference": "moved-2/in"}, {"time": 5}, {"reference": "moved-1/on"}])
def test_a_transfer_whose_sides_do_not_fit_is_found(life: Tables, change: Mapping[str, Any]) -> None:
    where = {"reference": "moved-1/in"}
    faults = audit(sealed(edited(life, ("entry", where, change)))).faults
    assert any(fault.startswith("transfer moved-1/out has no other side") for fault in faults)


def test_a_fill_whose_event_is_gone_is_found_without_a_gap(life: Tables) -> None:
    events = [row for row in life["order_event"] if row["fill_id"] != "Q4-1"]
    report = audit({**life, "order_event": [{**row, "sequence": n} for n, row in enumerate(events, 1)]})
    assert report.faults == ("fill Q4-1 of order Q4 has no event",)


def test_a_row_of_zeros_that_belongs_to_nothing_is_found(life: Tables) -> None:
    stray: dict[str, Any] = {"account": "paper", "ledger_account": "assets:cash", "commodity": "EUR", "amount": "0"}
    report = audit({**life, "balance": [*life["balance"], stray]})
    assert report.faults == ("balance paper assets:cash EUR is 0, its postings say otherwise",)
    nothing = {"account": "paper", "symbol": "AAPL", "quantity": "0", "cost": "0", "realised": "0"}
    report = audit({**life, "position": [*life["position"], nothing]})
    assert report.faults == ("position paper AAPL does not follow from its fills",)


def test_it_has_its_own_idea_of_how_orders_move_and_it_is_the_same() -> None:
    assert {before: set(after) for before, after in NEXT.items()} == {b: set(a) for b, a in MOVES.items() if a}
    assert set(ENDS) == {status for status in OrderStatus if status.terminal}


def test_it_shares_no_code_with_what_wrote_the_books() -> None:
    path = sys.modules[audit.__module__].__file__
    assert path is not None
    for file in Path(path).parent.glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        modules = {str(n.module) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        modules |= {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
        others = {m for m in modules if not m.startswith("quorum.execution.audit")}
        assert {m.partition(".")[0] for m in others} <= set(sys.stdlib_module_names)
        assert not any(isinstance(n, ast.Name) and n.id in ("__import__", "importlib", "eval") for n in ast.walk(tree))
