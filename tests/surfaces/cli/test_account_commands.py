"""Accounts on the command line: added, paid into, moved between, converted, and told in sums that the audit holds."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from surfaces.cli.commands import Quorum


def test_an_account_from_its_first_line_to_its_statement(quorum: Quorum, home: Path, tmp_path: Path) -> None:
    added = quorum("account", "add", "second", "--book", "crypto", "--currency", "USDT", "--cash", "500.5", "--json")
    assert added.json == {"account": "second", "book": "crypto", "currency": "USDT", "cash": 500.5}
    assert len(quorum("account", "list", "--json").json["lacking"]) == 1, "two accounts in USDT lack one rate"
    quorum("account", "rate", "USDT", "USD", "0.5", "--source", "bank", "--json")
    quorum("account", "fund", "paper", "1000")
    quorum("account", "fund", "paper", "50", "--out")
    moved = quorum("account", "transfer", "paper", "second", "450", "--json").json["booked"]
    assert [row["cash"] for row in moved] == [{"USDT": "-450"}, {"USDT": "450"}]
    quorum("account", "convert", "paper", "100", "USDT", "EUR", "--rate", "0.9", "--source", "bank")
    assert quorum("account", "income", "paper", "interest", "1.25", "--json").json["booked"][0]["cash"] == {
        "USDT": "1.25"
    }
    listed = quorum("account", "list", "--json").json
    rows = {row["account"]: row for row in listed["accounts"]}
    assert (rows["second"]["equity"], rows["second"]["opened"]) == ("950.5", True)
    assert rows["paper"]["foreign"] == {"EUR": "90.00000000"}
    assert Decimal(listed["total"]) == Decimal(quorum("status", "--json").json["total"])
    sheet = tmp_path / "paper.csv"
    told = quorum("account", "statement", "paper", "--csv", sheet, "--json").json
    with sheet.open(encoding="utf-8", newline="") as file:
        lines = [row for row in csv.DictReader(file) if row["ledger_account"] == "assets:cash"]
    for currency, amount in told["closing"].items():
        assert sum(Decimal(row["amount"]) for row in lines if row["commodity"] == currency) == Decimal(amount)
    audited = quorum("broker", "reconcile", "--account", "paper", "--json").json
    assert (audited["balanced"], audited["faults"], audited["differences"]) == (True, [], [])
    assert quorum("account", "export", "--json").json["postings"] == audited["postings"]
    assert "interest" in quorum("account", "statement", "paper").out
    assert quorum("account", "export").out.startswith("account,sequence,time,kind,reference")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("fund", "paper", "nan"), "AMOUNT nan is no number"),
        (("fund", "paper", "0"), "0 is no amount"),
        (("fund", "nobody", "5"), "there is no account 'nobody'"),
        (("fund", "paper", "1e9", "--out"), "100000 USDT free"),
        (("transfer", "paper", "paper", "5"), "where it comes from and where it goes to"),
        (("convert", "paper", "5", "USDT", "eur"), "'eur' is no currency"),
        (("convert", "paper", "5", "USDT", "EUR"), "no rate of USDT in EUR"),
        (("convert", "paper", "5", "USDT", "EUR", "--rate", "0.9"), "needs its source"),
        (("convert", "paper", "5", "USDT", "EUR", "--rate", "0", "--source", "x"), "makes no sense"),
        (("rate", "USDT", "USDT", "1"), "two currencies"),
        (("rate", "USDT", "USD"), "no rate of USDT in USD"),
        (("income", "paper", "gift", "5"), "there is no income 'gift'"),
        (("income", "paper", "dividend", "5", "--symbol", "AAPL"), "holds no AAPL"),
        (("split", "paper", "AAPL", "2"), "holds no AAPL"),
        (("split", "paper", "AAPL", "1e-12"), "makes no sense"),
        (("export", "--csv", "/"), "/ is a folder; name a file"),
        (("split", "paper", "AAPL", "1"), "makes no sense"),
        (("statement", "paper"), "was never opened"),
        (("statement", "paper", "--from", "2026-01-02", "--to", "2026-01-01"), "is not before"),
        (("add", "paper", "--book", "crypto", "--currency", "USDT", "--cash", "5"), "there is an account 'paper'"),
        (("add", "x", "--book", "cripto", "--currency", "USDT", "--cash", "5"), "did you mean 'crypto'"),
        (("add", "x", "--book", "crypto", "--currency", "USDT", "--cash", "-5"), "greater than 0"),
        (("add", "x", "--book", "crypto", "--currency", "USDT", "--cash", "0.1234567890123"), "12 decimal places"),
        (("add", "x", "--book", "crypto", "--currency", "USDT", "--cash", "5", "--host", "live"), "no effect"),
    ],
)
def test_what_makes_no_sense_is_one_line(quorum: Quorum, words: tuple[str, ...], what: str) -> None:
    assert what in quorum("account", *words).error


def test_the_only_account_need_not_be_named(quorum: Quorum, home: Path) -> None:
    path = home / "config" / "accounts.yaml"
    asked = ("account", "orders", "positions", "reconcile")
    path.write_text("accounts: {mine: {book: crypto, currency: USDT, cash: 5}}\n", encoding="utf-8")
    assert [quorum("broker", word, "--json").code for word in asked] == [0, 0, 0, 0]
    assert quorum("broker", "account", "--json").json["account"] == "mine"
    two = (
        "accounts:\n  mine: {book: crypto, currency: USDT, cash: 5}\n  yours: {book: crypto, currency: USDT, cash: 5}\n"
    )
    path.write_text(two, encoding="utf-8")
    for word in (*asked, "serve"):
        told = quorum("broker", word).error
        assert told == "which account is meant is not said; name one of mine, yours by --account"
    assert quorum("broker", "account", "--account", "", "--json").error.startswith("there is no account ''")
    path.write_text("accounts: {}\n", encoding="utf-8")
    assert "quorum account add" in quorum("broker", "orders").error


def test_where_nothing_is_deployed_that_is_said_once(quorum: Quorum) -> None:
    said = quorum("trade")
    assert said.code == 0
    assert "none" not in said.out
    assert said.out.count("quorum deploy") == 1
    assert quorum("trade", "--paper", "--json").json["standing"] == []
    for dry in ((), ("--paper",)):
        told = quorum("trade", *dry, "--source", "alpca").error
        assert told == "there is no source 'alpca'; choose one of binance, kraken, alpaca, yfinance"
