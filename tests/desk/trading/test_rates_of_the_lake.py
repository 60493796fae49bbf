"""A close of the lake is a rate while it is fresh; with its series as the source."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from desk.deploying.climbed import write
from quorum.bootstrap import open_desk
from quorum.desk import Desk, make_workspace
from quorum.desk.trading import reconcile
from quorum.desk.trading.accounting import convert, note_rates, rate_of, total
from quorum.domain import HOUR, Money, Timeframe, UsageError, VirtualClock, parse_instant
from quorum.execution import Rate
from quorum.lake import Bars

START = parse_instant("2026-03-02")


def hourly(symbol: str, closes: list[float], venue: str = "ecb") -> Bars:
    close = np.array(closes)
    time = START + np.arange(len(closes), dtype=np.int64) * HOUR
    return Bars(symbol, venue, Timeframe(HOUR), time, close, close, close, close, close * 0.0 + 1.0, price_decimals=4)


def at(folder: Path, hours: float, *series: Bars) -> Desk:
    """A desk so many hours after the first open."""
    home = folder / "home"
    if not home.exists():
        make_workspace(home, ("momentum",))
    for bars in series:
        write(folder / "files" / f"{bars.symbol}.{bars.venue}_1h.csv", bars)
    desk = open_desk(home, VirtualClock(START + round(hours * HOUR)))
    if series:
        desk.lake.import_path(folder / "files")
    return desk


def test_the_newest_close_that_is_known_is_the_rate(tmp_path: Path) -> None:
    desk = at(tmp_path, 2.5, hourly("USDTUSD", [0.99, 0.98, 0.97]))
    found = rate_of(desk, ("USDT", "USD"), desk.clock.now())
    assert (found.rate, found.time, found.source) == (Decimal("0.98"), START + 2 * HOUR, "lake USDTUSD.ecb 1h")
    assert rate_of(desk, ("USD", "USDT"), desk.clock.now()).rate == 1 / Decimal("0.98")
    assert desk.rates.newest() == []  # looking writes nothing
    assert total(desk).amount == Decimal("198000.00")


def test_a_stale_close_is_no_rate(tmp_path: Path) -> None:
    at(tmp_path, 2, hourly("USDTUSD", [0.99, 0.98]))
    assert rate_of(at(tmp_path, 26), ("USDT", "USD"), START + 26 * HOUR).rate == Decimal("0.98")
    with pytest.raises(UsageError, match="there is no rate of USDT in USD"):
        rate_of(at(tmp_path, 26.1), ("USDT", "USD"), START + round(26.1 * HOUR))
    assert total(at(tmp_path, 27)).amount is None


def test_what_is_newer_counts_by_hand_or_by_the_lake(tmp_path: Path) -> None:
    desk = at(tmp_path, 3, hourly("USDTUSD", [0.99, 0.98, 0.97]))
    desk.rates.keep(Rate("USDT", "USD", Decimal("0.5"), START + 2 * HOUR, "an old note"))
    assert rate_of(desk, ("USDT", "USD"), desk.clock.now()).rate == Decimal("0.97")
    desk.rates.keep(Rate("USDT", "USD", Decimal("0.96"), START + 3 * HOUR, "a bank"))
    assert rate_of(desk, ("USDT", "USD"), desk.clock.now()).source == "a bank"


def test_the_other_way_round_and_another_venue_count_too_and_a_share_does_not(tmp_path: Path) -> None:
    desk = at(tmp_path, 3, hourly("USDUSDT", [1.0, 1.25]), hourly("USDUSDT", [1.0, 1.0, 1.6], "other"))
    assert rate_of(desk, ("USDT", "USD"), desk.clock.now()).rate == Decimal("0.625")
    shares = at(tmp_path / "second", 3, hourly("SOL", [20.0, 21.0]))
    with pytest.raises(UsageError, match="no rate of SOL"):
        rate_of(shares, ("SOL", "USD"), shares.clock.now())


def test_what_an_account_holds_is_put_on_record_when_it_is_reconciled(tmp_path: Path) -> None:
    desk = at(tmp_path, 1)
    account = desk.account_for("USDT")
    desk.rates.keep(Rate("USDT", "EUR", Decimal("0.9"), START + HOUR, "a bank"))
    convert(desk, account, Money(Decimal(1000), "USDT"), "EUR")
    desk = at(tmp_path, 40, hourly("EURUSDT", [1.1] * 40))
    reconcile(desk, account)
    (kept,) = [rate for rate in desk.rates.newest() if rate.base == "EUR"]
    assert (kept.rate, kept.time, kept.source) == (Decimal("1.1"), START + 40 * HOUR, "lake EURUSDT.ecb 1h")
    assert note_rates(desk, account) == []


def test_a_conversion_by_the_lake_keeps_its_rate(tmp_path: Path) -> None:
    desk = at(tmp_path, 2, hourly("EURUSDT", [1.25, 1.25]))
    account = desk.account_for("USDT")
    assert convert(desk, account, Money(Decimal(1000), "USDT"), "EUR").cash["EUR"] == 800
    assert "by lake EURUSDT.ecb 1h" in desk.accounts.entries(account)[-1].entry.reference
    assert len(desk.rates.newest()) == 1
