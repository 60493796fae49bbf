"""Accounting: what comes and goes by no order is one entry, the simulated venue hears of it, and totals need rates."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest

from desk.offices import ask, at_work
from quorum.desk import Desk, books
from quorum.desk.trading.accounting import (
    add_account,
    convert,
    earn,
    export,
    fund,
    is_dust,
    record_rate,
    split_units,
    statement_facts,
    statement_of,
    total,
    transfer,
)
from quorum.domain import ConfigError, Money, NotFound, Position, StoreError, UsageError, VirtualClock
from quorum.execution import Earned, Income, Rate, entry_of_conversion

GIVEN = {"book": "crypto", "currency": "USDT", "cash": 500}


def usdt(amount: str) -> Money:
    return Money(Decimal(amount), "USDT")


def bought(home: Path) -> Desk:
    """A desk whose account `paper` holds FLATUSDT."""
    desk = at_work(home)
    assert ask(desk, "FLATUSDT").order is not None
    return desk


def test_whatever_moves_the_books_balance_with_the_venue(home: Path) -> None:
    add_account(at_work(home).workspace, "second", GIVEN)
    desk = bought(home)
    fund(desk, "paper", Decimal("250.25"))
    fund(desk, "paper", Decimal("-50"))
    gave, got = transfer(desk, ("paper", "second"), usdt("100"))
    convert(desk, "paper", usdt("100"), "EUR", (Decimal("0.9137"), "bank"))
    earn(desk, "paper", Income.INTEREST, usdt("0.37"))
    earn(desk, "paper", Income.FUNDING, usdt("-1.01"), "FLATUSDT")
    split_units(desk, "paper", "FLATUSDT", Decimal(2))
    for account in ("paper", "second"):
        report = books(desk, account)
        assert (report.audit.faults, report.differences) == ((), ())
    assert books(desk, "second").book.cash == 600
    assert (gave.cash, got.cash) == ({"USDT": -100}, {"USDT": 100})
    assert books(desk, "paper").book.funded == 100_000 + Decimal("250.25") - 50 - 100


@pytest.mark.parametrize("amount", ["0", "NaN", "-Infinity", "1e9"])
def test_what_is_no_amount_or_more_than_is_free_is_refused(desk: Desk, amount: str) -> None:
    desk.account_for("", "paper")
    with pytest.raises(UsageError):
        transfer(desk, ("paper", "paper-usd"), usdt(amount))
    with pytest.raises(UsageError):
        fund(desk, "paper", -Decimal(amount))
    with pytest.raises(UsageError):
        convert(desk, "paper", usdt(amount), "EUR", (Decimal(1), "bank"))
    assert books(desk, "paper").book.cash == 100_000


def test_a_conversion_needs_a_rate_and_says_which(desk: Desk) -> None:
    with pytest.raises(UsageError, match="no rate of USDT in EUR"):
        convert(desk, "paper", usdt("10"), "EUR")
    desk.rates.keep(Rate("EUR", "USDT", Decimal(2), desk.clock.now(), "bank"))
    assert convert(desk, "paper", usdt("10"), "EUR").cash == {"USDT": -10, "EUR": 5}


def test_cash_without_a_rate_vetoes_what_opens_and_says_which(home: Path) -> None:
    desk = at_work(home)
    desk.account_for("", "paper")
    entry = entry_of_conversion("paper", usdt("10"), Money(Decimal("0.02"), "BNB"), (desk.clock.now(), "swap"))
    with desk.accounts.transaction("paper") as transaction:
        transaction.enter(entry)
    vetoed = ask(desk, "FLATUSDT", paper=False)
    assert vetoed.risk is not None
    assert (vetoed.risk["verdict"], vetoed.order) == ("vetoed", None)
    assert "there is no rate of BNB in USDT" in vetoed.risk["reasons"][0]
    desk.rates.keep(Rate("BNB", "USDT", Decimal(500), desk.clock.now(), "bank"))
    assert ask(desk, "FLATUSDT", paper=False).order is not None
    with desk.accounts.transaction("paper") as transaction:
        book = transaction.book()
    assert book.equity == book.cash + 10


def test_the_total_is_there_once_every_rate_is(desk: Desk) -> None:
    lacking = total(desk)
    assert (lacking.amount, len(lacking.lacking)) == (None, 1)
    assert "no rate of USDT in USD" in lacking.lacking[0]
    desk.rates.keep(Rate("USDT", "USD", Decimal("0.5"), desk.clock.now(), "bank"))
    assert total(desk).amount == 150_000


def test_a_venue_that_failed_half_way_is_told_once(home: Path) -> None:
    desk = at_work(home)
    fund(desk, "paper", Decimal(1))
    reference = "funding-paper-3"
    desk.till.move("paper", reference, {"USDT": Decimal(5)})  # the process died before its commit
    assert books(desk, "paper").differences
    with pytest.raises(StoreError, match="has another funding-paper-3"):
        fund(desk, "paper", Decimal(6))
    assert books(desk, "paper").book.cash == 100_001
    assert fund(desk, "paper", Decimal(5)).reference == reference
    assert books(desk, "paper").differences == ()


def test_an_account_is_added_beside_the_lines_that_are_there(home: Path) -> None:
    workspace = at_work(home).workspace
    path = home / "config" / "accounts.yaml"
    before = path.read_text(encoding="utf-8")
    add_account(workspace, "second", GIVEN)
    assert path.read_text(encoding="utf-8").startswith(before.rstrip("\n"))
    assert workspace.settings().accounts.accounts["second"].cash == 500
    path.write_text("# nothing yet\n", encoding="utf-8")
    add_account(workspace, "second", GIVEN)
    assert path.read_text(encoding="utf-8").startswith("# nothing yet\n")
    assert sorted(workspace.settings().accounts.accounts) == ["paper", "paper-usd", "second"]


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("paper", {}),
        ("second", {"book": "crypt"}),
        ("../out", {}),
        ("second", {"currency": "usdt"}),
        ("second", {"cash": 0}),
        ("second", {"host": "paper"}),
        ("second", {"venue": "moon"}),
        ("second", {"venue": "alpaca"}),
        ("second", {"live": True}),
    ],
)
def test_an_account_that_makes_no_sense_leaves_the_file_as_it_was(
    home: Path, name: str, changed: dict[str, object]
) -> None:
    workspace, path = at_work(home).workspace, home / "config" / "accounts.yaml"
    before = path.read_bytes()
    with pytest.raises((UsageError, ConfigError)):
        add_account(workspace, name, {**GIVEN, **changed})
    assert path.read_bytes() == before


def test_a_statement_and_the_sheet_add_up_to_the_balances(home: Path) -> None:
    desk = bought(home)
    earn(desk, "paper", Income.DIVIDEND, usdt("2.5"), "FLATUSDT")
    now = desk.clock.now() + 1
    shown = statement_of(desk, "paper", 0, now)
    told = statement_facts(desk, shown)
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in csv.DictReader(StringIO(export(desk))):
        sums[row["account"], row["ledger_account"], row["commodity"]] += Decimal(row["amount"])
    kept = {
        (row["account"], row["ledger_account"], row["commodity"]): Decimal(row["amount"])
        for row in desk.rows(["balance"])["balance"]
    }
    assert dict(sums) == kept
    book = books(desk, "paper").book
    assert Decimal(told["closing"]["USDT"]) == book.cash
    (whole,) = [line for line in told["profit"] if line["owner"] == "*" and line["symbol"]]
    assert Decimal(whole["unrealised"]) + Decimal(whole["net"]) == book.equity - book.funded
    assert statement_facts(desk, statement_of(desk, "paper", now, now + 1))["entries"] == []
    with pytest.raises(NotFound, match="never opened"):
        statement_of(desk, "nobody", 0, now)


def test_a_statement_to_no_end_has_what_a_venue_ahead_of_us_has_booked(home: Path) -> None:
    desk = bought(home)
    ahead = desk.clock.now() + 3600 * 10**9
    earn(replace(desk, clock=VirtualClock(ahead)), "paper", Income.INTEREST, usdt("0.37"))
    shown = statement_of(desk, "paper")
    assert (shown.until, shown.entries[-1].entry.kind) == (ahead + 1, "interest")
    assert shown.closing["USDT"] == books(desk, "paper").book.cash
    with pytest.raises(UsageError, match="is not before"):
        statement_of(desk, "paper", ahead + 1)


def test_what_is_below_a_lot_is_dust(desk: Desk) -> None:
    lot = desk.settings.instruments.lot("BTCUSDT")
    for quantity, dust in ((lot / 2, True), (-lot / 2, True), (lot, False), (Decimal(0), False)):
        assert is_dust(desk, Earned("", "BTCUSDT", Position("BTCUSDT", quantity))) is dust


def test_a_split_waits_for_no_open_order_and_needs_a_holder(desk: Desk) -> None:
    for ratio in ("0", "1", "-2", "NaN", "1e-12", "1e30"):
        with pytest.raises(UsageError, match="makes no sense"):
            split_units(desk, "paper", "FLATUSDT", Decimal(ratio))
    with pytest.raises(NotFound, match="holds no FLATUSDT"):
        split_units(desk, "paper", "FLATUSDT", Decimal(2))
    with pytest.raises(NotFound, match="holds no FLATUSDT"):
        earn(desk, "paper", Income.DIVIDEND, usdt("1"), "FLATUSDT")


def test_a_split_that_leaves_nothing_changes_nothing(home: Path) -> None:
    desk = bought(home)
    split_units(desk, "paper", "FLATUSDT", Decimal("1e-6"))
    before = books(desk, "paper").book  # some 1e-4 are left, of which the next one would leave less than 1e-9
    with pytest.raises(UsageError, match="leaves nothing of"):
        split_units(desk, "paper", "FLATUSDT", Decimal("1e-6"))
    assert books(desk, "paper").book == before
    assert books(desk, "paper").differences == ()


@pytest.mark.parametrize("amount", ["1e15", "1e400", "1e-13", "-1e20", "NaN", "Infinity", "0"])
def test_an_amount_that_sums_are_not_exact_in_is_refused(home: Path, amount: str) -> None:
    desk = at_work(home)
    desk.account_for("USDT")
    before = desk.accounts.entries("paper")
    with pytest.raises(UsageError):
        fund(desk, "paper", Decimal(amount))
    assert desk.accounts.entries("paper") == before


@pytest.mark.parametrize("rate", ["1e-10", "1e10", "0", "-1", "NaN", "Infinity"])
def test_a_rate_that_makes_no_sense_is_not_kept(home: Path, rate: str) -> None:
    desk = at_work(home)
    with pytest.raises(UsageError):
        record_rate(desk, ("USDT", "USD"), (Decimal(rate), "a bank"))
    with pytest.raises(UsageError, match="needs its source"):
        record_rate(desk, ("USDT", "USD"), (Decimal(1), " "))
    assert desk.rates.newest() == []
