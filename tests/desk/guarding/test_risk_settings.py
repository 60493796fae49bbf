"""Every key of risk.yaml has an effect, in its book and over all books; the stricter of two holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quorum.desk.settings import RiskFile, read_settings
from quorum.desk.settings.trading import LimitsSection
from quorum.domain import (
    HOUR,
    SECOND,
    Book,
    ConfigError,
    ExitPlan,
    Instrument,
    Position,
    Proposal,
    Purpose,
    Side,
    plain,
)
from quorum.risk import (
    SUMMED,
    Around,
    LastTrade,
    RecentOrder,
    RiskLimits,
    assess,
    book_breaker,
    strategy_breaker,
    stricter,
    tighten_stop,
)
from quorum.risk.tail import Likeness, move_together

NOW = 1_700_000_000 * SECOND
STEPS = Instrument("AUSDT", "sim", "A", "USDT", Decimal("0.01"), Decimal("0.001"))
HELD = {"BUSDT": Position("BUSDT", Decimal(100), Decimal(10_000))}
BOOK = Book("paper", "USDT", 3, Decimal(90_000), Decimal(100_000), HELD, marks={"BUSDT": Decimal(100)})
WISH = Proposal(
    Purpose.SIGNAL,
    "paper",
    "AUSDT",
    Side.BUY,
    Decimal(400),
    Decimal(100),
    NOW,
    NOW + HOUR,
    "k",
    "DEC-20240101-001",
    ExitPlan(Decimal(95), (Decimal(110),)),
)
AROUND = Around(
    now=NOW,
    day_equity=Decimal(100_500),
    week_equity=Decimal(101_000),
    peak_equity=Decimal(102_000),
    orders=(RecentOrder(NOW - 30 * SECOND, "AUSDT", Side.BUY, Decimal(400)),),
    last={"AUSDT": LastTrade(Decimal(100), NOW - SECOND)},
    sectors={"one": frozenset({"AUSDT", "BUSDT"})},
    clusters={"cluster 1": frozenset({"AUSDT", "BUSDT"})},
    strategies={"STR-001": Decimal(5_000)},
    volatility={"AUSDT": Decimal("0.5")},
    kelly={"STR-001": Decimal(3)},
    strategy="STR-001",
    strategy_drawdown=Decimal("0.02"),
)
FALLS = tuple(Decimal(n) / 100 for n in range(1, 40))
Look = Callable[[RiskLimits], object]


def judged(limits: RiskLimits) -> object:
    """What risk says of one order, with every limit that it looked at."""
    return plain(assess(WISH, BOOK, limits, STEPS, AROUND))


def short(limits: RiskLimits) -> object:
    sold = replace(WISH, side=Side.SELL, exit=ExitPlan(Decimal(105), (Decimal(90),)))
    return plain(assess(sold, BOOK, limits, STEPS, AROUND))


def tripped(limits: RiskLimits) -> object:
    return [book_breaker(fall, limits) for fall in FALLS]


def stopped(limits: RiskLimits) -> object:
    return [strategy_breaker(fall, limits) for fall in FALLS]


def tightened(limits: RiskLimits) -> object:
    return tighten_stop(Decimal(90), Decimal(100), Decimal(1), limits.stop_keep_fraction, STEPS)


def grouped(limits: RiskLimits) -> object:
    alike = Likeness(("A", "B"), np.array([[1, 0.6], [0.6, 1]]), np.full((2, 2), 90), 60)
    return move_together(alike, float(limits.correlated))


# The key, a value with which something happens, and a stricter one with which something else does.
EFFECTS: list[tuple[str, Any, Any, Look]] = [
    ("risk_per_trade", 0.02, 0.005, judged),
    ("max_position", 0.4, 0.1, judged),
    ("max_deployed", 0.6, 0.2, judged),
    ("max_total_loss", 0.2, 0.1, judged),
    ("min_reward_risk", 1.5, 3, judged),
    ("min_order_notional", 10, 50_000, judged),
    ("price_collar_bps", 100, 50, judged),
    ("allow_short", True, False, short),
    ("max_borrowed", 0.5, 0, judged),
    ("max_day_loss", 0.03, 0.004, judged),
    ("max_week_loss", 0.05, 0.009, judged),
    ("max_strategy", 0.4, 0.1, judged),
    ("max_sector", 0.4, 0.2, judged),
    ("max_cluster", 0.3, 0.2, judged),
    ("correlated", 0.7, 0.5, grouped),
    ("max_leverage", 3, 0.2, judged),
    ("max_order_notional", 1_000_000, 5_000, judged),
    ("max_order_lots", None, 1_000, judged),
    ("max_orders_per_minute", 60, 1, judged),
    ("max_from_last_bps", 500, 50, judged),
    ("last_trade_seconds", 900, 0, judged),
    ("duplicate_seconds", 5, 60, judged),
    ("volatility_target", None, 0.05, judged),
    ("kelly_share", 0.5, 0.02, judged),
    ("strategy_red_at", 0.1, 0.05, stopped),
    ("halve_at", 0.1, 0.05, tripped),
    ("no_entries_at", 0.15, 0.12, tripped),
    ("black_at", 0.2, 0.18, tripped),
    ("close_all_at", 0.25, 0.22, tripped),
    ("black_close_fraction", 0.5, 1, tripped),
    ("stop_keep_fraction", 0.5, 0.25, tightened),
]


def written(folder: Path, text: str) -> RiskFile:
    path = folder / "risk.yaml"
    path.write_text(text + "\n", encoding="utf-8")
    return read_settings(path, RiskFile)


@pytest.mark.parametrize(("key", "loose", "strict", "look"), EFFECTS, ids=[case[0] for case in EFFECTS])
def test_every_key_has_an_effect_and_the_desk_s_holds_where_it_is_stricter(
    tmp_path: Path, key: str, loose: Any, strict: Any, look: Look
) -> None:
    one = written(tmp_path, f"books: {{crypto: {{{key}: {json.dumps(loose)}}}}}").limits("crypto")
    other = written(tmp_path, f"books: {{crypto: {{{key}: {json.dumps(strict)}}}}}").limits("crypto")
    assert look(one) != look(other)
    over = written(
        tmp_path, f"books: {{crypto: {{{key}: {json.dumps(loose)}}}}}\ndesk: {{{key}: {json.dumps(strict)}}}"
    )
    if key in SUMMED:
        assert (over.limits("crypto"), over.desk.of_all()) == (one, {key: Decimal(str(strict))})
        return
    assert (over.limits("crypto"), over.desk.of_all()) == (other, {})
    under = written(
        tmp_path, f"books: {{crypto: {{{key}: {json.dumps(strict)}}}}}\ndesk: {{{key}: {json.dumps(loose)}}}"
    )
    assert under.limits("crypto") == other


def test_no_key_was_forgotten_and_each_has_risk_s_own_default() -> None:
    assert {case[0] for case in EFFECTS} == set(LimitsSection.model_fields)
    assert RiskFile().limits("crypto") == RiskLimits() == stricter(RiskLimits(), {})


def test_sectors_are_groups_of_symbols(tmp_path: Path) -> None:
    found = written(tmp_path, "sectors: {layer1: [BTCUSDT, ETHUSDT], none: []}").groups()
    assert found == {"layer1": frozenset({"BTCUSDT", "ETHUSDT"}), "none": frozenset()}


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("desk: {max_positon: 0.4}", "1:8", "did you mean 'max_position'"),
        ("desk: {max_leverage: 0}", "1:8", "greater than 0"),
        ("books:\n  crypto: {halve_at: 0.3}", "2:3", "halve_at = 0.3 must not be above no_entries_at"),
        ("books:\n  crypto: {max_orders_per_minute: yes}", "2:12", "valid integer"),
        ("books:\n  crypto: {max_orders_per_minute: true}", "2:12", "needs a whole number"),
        ("sectors: {one: [btc]}", "1:11", "'btc' is no symbol"),
        ("sectors: {one: ['BTC USDT']}", "1:11", "'BTC USDT' is no symbol"),
        ("desk: {volatility_target: 15}", "1:8", "less than or equal to 10"),
        ("desk: {kelly_share: 0}", "1:8", "greater than 0"),
        ("sectors: {one: BTCUSDT}", "1:11", "needs a list"),
        ("books:\n  crypto: {max_position: 40}", "2:12", "is a fraction of equity, 0.40 for 40 %"),
        ("desk: {max_deployed: 60}", "1:8", "is a fraction of equity, 0.40 for 40 %"),
        ("book: {}", "1:1", "did you mean 'books'"),
    ],
)
def test_what_is_wrong_is_refused_at_its_place(tmp_path: Path, text: str, where: str, what: str) -> None:
    with pytest.raises(ConfigError) as refused:
        written(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path / 'risk.yaml'}:{where}: ")
    assert what in str(refused.value)
