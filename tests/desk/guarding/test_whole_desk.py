"""Limits over every account of a desk: they bind at the number, in any currency, and without a rate nothing opens."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from desk.offices import ask, at_work
from quorum.desk import Desk, replay
from quorum.desk.guarding import check_books
from quorum.execution.rates import Rate


def together(home: Path, limits: str) -> Desk:
    """A desk with limits over both its accounts, of which the other one holds shares and has its own currency."""
    (home / "config" / "risk.yaml").write_text(f"desk: {{{limits}}}\n", encoding="utf-8")
    desk = at_work(home)
    desk.account_for("", "paper")
    desk.account_for("", "paper-usd")
    return desk


def priced(desk: Desk, rate: str) -> None:
    desk.rates.keep(Rate("USD", "USDT", Decimal(rate), desk.clock.now(), "a test"))


@pytest.mark.parametrize("rate", ["1", "2"])
def test_what_all_accounts_have_together_is_the_room_of_each(home: Path, rate: str) -> None:
    desk = together(home, "max_deployed: 0.05")
    priced(desk, rate)
    record = ask(desk, "FLATUSDT")
    assert record.risk is not None
    (check,) = [check for check in record.risk["checks"] if check["name"] == "desk_max_deployed"]
    whole = 100_000 + 100_000 * Decimal(rate)
    assert Decimal(check["limit"]) == whole * Decimal("0.05")
    (order,) = desk.orders.of("paper")
    assert whole * Decimal("0.0499") < order.intent.reserve <= whole * Decimal("0.05")
    assert replay(desk, record.risk["decision_id"]).verdict == "identical"
    (told,) = check_books(desk, "paper")["books"]
    (use,) = [use for use in told["limits"] if use["limit"] == "desk_max_deployed"]
    assert use["share"] == pytest.approx(1, abs=0.02)
    again = ask(desk, "SURGEUSDT")
    assert "desk_max_deployed" in again.reason
    with desk.accounts.transaction("paper") as transaction:
        assert transaction.book().deployed <= whole * Decimal("0.05")


def test_an_account_without_a_rate_vetoes_what_opens_and_the_check_says_so(home: Path) -> None:
    desk = together(home, "max_deployed: 0.05")
    record = ask(desk, "FLATUSDT")
    assert record.order is None
    assert "there is no rate of USD in USDT" in record.reason
    told = check_books(desk, "paper")["books"][0]["verdict"]
    assert told["may_open"] is False
    assert any("no rate of USD in USDT" in reason for reason in told["reasons"])


def test_without_such_a_limit_other_accounts_are_not_asked(home: Path) -> None:
    desk = together(home, "price_collar_bps: 50")
    assert ask(desk, "FLATUSDT").order is not None
    assert desk.limits("paper").price_collar_bps == 50
