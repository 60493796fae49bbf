"""The pure stages of the cycle: what is seen, asked, wished for, judged and intended, and when a holding is left."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scripts import START, bars_of, closes_of
from quorum.domain import (
    HOUR,
    MINUTE,
    NO_EXIT,
    Abstain,
    Approved,
    Book,
    Direction,
    ExitPlan,
    Instrument,
    OrderIntent,
    Position,
    Proposal,
    Purpose,
    Shrunk,
    Side,
    Timeframe,
    Vetoed,
    View,
)
from quorum.engine import NoTrade, Occasion, ask, exit_due, intend, judge, observe, propose, reduce
from quorum.risk import RiskLimits
from quorum.signals import ANALYSTS, Consensus, ConsensusRules, consensus

D = Decimal
AS_OF = START + 100 * HOUR
BTC = Instrument("BTCUSDT", "test", "BTC", "USDT", D("0.01"), D("0.0001"), D(5))
LIMITS = RiskLimits()
WHERE = Occasion("paper", BTC, Timeframe(HOUR), AS_OF, AS_OF, "DEC-20240105-001")
RULES = ConsensusRules(required=("smc", "momentum"), optional=())


def view(direction: Direction, confidence: float = 0.8, source: str = "smc", mark: float = 100.0) -> View:
    """A view whose stop is 5 % behind `mark` and whose targets are 10 and 15 % ahead of it."""
    side = direction.sign
    if side == 0:
        return View(source, "BTCUSDT", AS_OF, direction, confidence, 240, "nothing to see")
    ahead = tuple(mark * (1 + side * f) for f in (0.10, 0.15))
    entry = (mark * 0.999, mark * 1.001)
    return View(source, "BTCUSDT", AS_OF, direction, confidence, 240, "why", entry, mark * (1 - side * 0.05), ahead)


def voted(*directions: Direction) -> Consensus:
    names = ("smc", "momentum")
    return consensus([view(d, source=n) for d, n in zip(directions, names, strict=True)], RULES, AS_OF)


def agreed(direction: Direction) -> Consensus:
    return voted(direction, direction)


def book(held: str = "0", mark: str = "100", cash: str = "100000", marks: Mapping[str, Decimal] | None = None) -> Book:
    positions = {"BTCUSDT": Position("BTCUSDT", D(held), D(held) * D(mark))} if D(held) else {}
    return Book("paper", "USDT", 7, D(cash), D(100_000), positions, marks=marks or {"BTCUSDT": D(mark)})


def test_a_snapshot_names_what_was_seen() -> None:
    bars = bars_of([(1.0, 2.0, 0.5, 1.5), (1.5, 2.0, 1.0, 1.75)])
    seen = observe(bars, AS_OF)
    assert (seen.symbol, seen.venue, seen.timeframe, seen.rows) == ("TEST", "test", "1h", 2)
    assert (seen.as_of, seen.revision, seen.close) == (AS_OF, 0, 1.75)
    assert (seen.first, seen.last) == ("2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z")
    assert seen.data_hash == bars.data_hash != observe(bars.slice(0, 1), AS_OF).data_hash


def test_every_analyst_is_asked_and_a_late_one_abstains() -> None:
    bars = closes_of([100.0 + i for i in range(5)])
    analysts = [ANALYSTS["momentum"], ANALYSTS["ml_model"]]
    heard = ask(bars, analysts, AS_OF, {"ml_model": "late: 31.0 s of 30 s"})
    assert heard[0] == ANALYSTS["momentum"].signal(bars)
    assert heard[1] == Abstain("ml_model", "TEST", AS_OF, "late: 31.0 s of 30 s")
    assert ask(bars, analysts, AS_OF, {})[1] == ANALYSTS["ml_model"].signal(bars)


class TestPropose:
    def test_a_consensus_becomes_an_entry_with_its_exits(self) -> None:
        wish = propose(agreed(Direction.BULLISH), WHERE, book(), LIMITS)
        assert isinstance(wish, Proposal)
        assert (wish.purpose, wish.side, wish.price) == (Purpose.SIGNAL, Side.BUY, D(100))
        assert wish.quantity == D("100.0000")  # 0.5 % of 100,000 over a distance of 5
        assert wish.exit == ExitPlan(D("95.00"), (D("110.00"), D("115.00")), AS_OF + 24 * HOUR)
        assert (wish.origin, wish.account, wish.as_of) == ("DEC-20240105-001", "paper", AS_OF)
        assert wish.expires == AS_OF + 4 * HOUR

    def test_a_bearish_one_sells(self) -> None:
        wish = propose(agreed(Direction.BEARISH), WHERE, book(), LIMITS)
        assert isinstance(wish, Proposal)
        assert (wish.side, wish.exit.stop, wish.exit.targets[0]) == (Side.SELL, D("105.00"), D("90.00"))

    @pytest.mark.parametrize(
        ("outcome", "reason"),
        [
            (agreed(Direction.NEUTRAL), "no participant sees a direction"),
            (voted(Direction.BULLISH, Direction.BEARISH), "both sides are equally sure"),
            (consensus([view(Direction.BULLISH)], RULES, AS_OF), "required participants are missing: momentum"),
        ],
    )
    def test_no_consensus_is_no_trade_whatever_is_held(self, outcome: Consensus, reason: str) -> None:
        for held in ("0", "3", "-3"):
            wish = propose(outcome, WHERE, book(held), LIMITS)
            assert isinstance(wish, NoTrade)
            assert reason in wish.reason

    def test_one_against_a_holding_ends_the_whole_of_it(self) -> None:
        for held, direction, side in (("2.5", Direction.BEARISH, Side.SELL), ("-2.5", Direction.BULLISH, Side.BUY)):
            wish = propose(agreed(direction), WHERE, book(held), LIMITS)
            assert isinstance(wish, Proposal)
            assert (wish.purpose, wish.side, wish.quantity) == (Purpose.REDUCTION, side, D("2.5"))
            assert (wish.price, wish.exit) == (D(100), NO_EXIT)

    def test_one_for_a_holding_keeps_it(self) -> None:
        for held, direction in (("2.5", Direction.BULLISH), ("-2.5", Direction.BEARISH)):
            wish = propose(agreed(direction), WHERE, book(held), LIMITS)
            assert wish == NoTrade(f"the account already holds {held} BTCUSDT")

    @pytest.mark.parametrize("mark", ["94.99", "95", "110", "130"])
    def test_a_price_beyond_stop_or_target_is_no_trade(self, mark: str) -> None:
        wish = propose(agreed(Direction.BULLISH), WHERE, book(mark=mark), LIMITS)
        assert isinstance(wish, NoTrade)
        assert re.search(rf"the price {mark} has left the range between stop 95\.0+ and target 110\.0+", wish.reason)
        assert isinstance(propose(agreed(Direction.BULLISH), WHERE, book(mark="95.01"), LIMITS), Proposal)

    @pytest.mark.parametrize("cash", ["0", "-50", "0.01"])
    def test_an_account_too_small_for_a_lot_does_not_trade(self, cash: str) -> None:
        wish = propose(agreed(Direction.BULLISH), WHERE, book(cash=cash), LIMITS)
        assert isinstance(wish, NoTrade)
        assert "the smallest order risks more than 0.5" in wish.reason

    @given(
        st.sampled_from([Direction.BULLISH, Direction.BEARISH]),
        st.decimals("96", "104", places=2),
        st.decimals("1000", "10000000", places=2),
        st.decimals("0.0001", "0.05", places=4),
        st.sampled_from(["0.0001", "0.01", "1"]),
    )
    def test_at_its_stop_a_trade_loses_what_it_may(
        self, direction: Direction, mark: Decimal, cash: Decimal, risk: Decimal, lot: str
    ) -> None:
        where, limits = replace(WHERE, instrument=replace(BTC, lot=D(lot))), RiskLimits(risk_per_trade=risk)
        wish = propose(agreed(direction), where, book(mark=str(mark), cash=str(cash)), limits)
        allowed = cash * risk
        if isinstance(wish, NoTrade):
            assert allowed < D(lot) * (abs(mark - (95 if direction is Direction.BULLISH else 105)))
            return
        assert wish.exit.stop is not None
        distance = abs(wish.price - wish.exit.stop)
        assert wish.quantity * distance <= allowed < (wish.quantity + D(lot)) * distance
        assert wish.quantity % D(lot) == 0
        assert (wish.price - wish.exit.stop) * direction.sign > 0

    def test_the_exit_lasts_a_day_of_bars_or_as_long_as_the_view(self) -> None:
        for frame, until in (("1m", AS_OF + 240 * MINUTE), ("15m", AS_OF + 6 * HOUR), ("1d", AS_OF + 24 * 24 * HOUR)):
            where = replace(WHERE, timeframe=Timeframe.parse(frame))
            wish = propose(agreed(Direction.BULLISH), where, book(), LIMITS)
            assert isinstance(wish, Proposal)
            assert wish.exit.valid_until == until


class TestOccasion:
    def test_the_same_occasion_has_the_same_key(self) -> None:
        one, other = (propose(agreed(Direction.BULLISH), replace(WHERE, origin=o), book(), LIMITS) for o in "ab")
        assert isinstance(one, Proposal)
        assert isinstance(other, Proposal)
        assert one.key == other.key
        ids = [_intent(p).intent_id for p in (one, other)]
        assert ids[0] == ids[1]

    def test_another_occasion_has_another(self) -> None:
        elsewhere = [
            WHERE,
            replace(WHERE, closed=AS_OF + HOUR),
            replace(WHERE, timeframe=Timeframe(MINUTE)),
            replace(WHERE, instrument=replace(BTC, venue="other")),
            replace(WHERE, instrument=replace(BTC, symbol="BTCUSDC")),
        ]
        assert len({o.key for o in elsewhere}) == len(elsewhere)
        wishes = [propose(agreed(Direction.BULLISH), replace(WHERE, account=a), book(), LIMITS) for a in ("a", "b")]
        assert len({_intent(w).intent_id for w in wishes if isinstance(w, Proposal)}) == 2

    def test_the_reasons_for_a_reduction_are_different_occasions(self) -> None:
        keys = {reduce(WHERE, D(1), book("1"), why).key for why in ("stop", "target", "time", "consensus")}
        entry = propose(agreed(Direction.BULLISH), WHERE, book(), LIMITS)
        assert isinstance(entry, Proposal)
        assert len(keys | {entry.key}) == 5


def _intent(proposal: Proposal) -> OrderIntent:
    return intend(proposal, Approved(proposal.quantity, ()), "DEC-20240105-002", book(), (LIMITS, BTC))


def test_reduce_closes_the_holding_at_its_mark() -> None:
    for held, side in ((D("0.75"), Side.SELL), (D("-0.75"), Side.BUY)):
        wish = reduce(WHERE, held, book(str(held), "104.2"), "stop")
        assert (wish.side, wish.quantity, wish.price) == (side, D("0.75"), D("104.2"))
        assert (wish.purpose, wish.exit, wish.expires) == (Purpose.REDUCTION, NO_EXIT, WHERE.expires)


def test_judge_vetoes_another_currency_and_else_asks_risk() -> None:
    wish = propose(agreed(Direction.BULLISH), WHERE, book(), LIMITS)
    assert isinstance(wish, Proposal)
    euros = judge(wish, replace(book(), currency="EUR"), LIMITS, BTC)
    assert euros == Vetoed(("BTCUSDT trades in USDT, the account paper is in EUR",), ())
    verdict = judge(wish, book(), LIMITS, BTC)
    assert isinstance(verdict, Approved | Shrunk)
    out = judge(reduce(WHERE, D(2), book("2"), "stop"), book("2"), LIMITS, BTC)
    assert isinstance(out, Approved)
    assert out.quantity == 2


def test_an_intent_carries_what_risk_let_pass() -> None:
    wish = propose(agreed(Direction.BULLISH), WHERE, book(), LIMITS)
    assert isinstance(wish, Proposal)
    intent = intend(wish, Shrunk(D("40"), wish.quantity, ("max_position",), ()), "DEC-9", book(), (LIMITS, BTC))
    assert (intent.quantity, intent.side, intent.account_version) == (D(40), Side.BUY, 7)
    assert (intent.collar, intent.reserve) == (D("101.00"), D("4040.00"))
    assert (intent.created_at, intent.expires_at, intent.exit) == (AS_OF, AS_OF + 4 * HOUR, wish.exit)
    assert intent.decision_id == "DEC-9"


PLAN = ExitPlan(D("95"), (D("110"), D("115")), AS_OF + 10 * HOUR)
SHORT = ExitPlan(D("105"), (D("90"),), AS_OF + 10 * HOUR)


class TestExitDue:
    @pytest.mark.parametrize(
        ("low", "high", "why"),
        [(96, 109, None), (95, 100, "stop"), (90, 100, "stop"), (100, 110, "target"), (95, 110, "stop")],
    )
    def test_a_long_holding(self, low: float, high: float, why: str | None) -> None:
        bars = bars_of([(100.0, 101.0, 99.0, 100.0), (100.0, high, low, 100.0)])
        assert exit_due(PLAN, D(1), bars, AS_OF) == why

    @pytest.mark.parametrize(
        ("low", "high", "why"),
        [(91, 104, None), (99, 105, "stop"), (90, 104, "target"), (90, 105, "stop")],
    )
    def test_a_short_holding(self, low: float, high: float, why: str | None) -> None:
        bars = bars_of([(100.0, high, low, 100.0), (100.0, 101.0, 99.0, 100.0)])
        assert exit_due(SHORT, D(-1), bars, AS_OF) == why

    @pytest.mark.parametrize(("close", "why"), [(96.0, None), (95.0, "stop"), (110.0, "target"), (109.99, None)])
    def test_a_series_of_closes(self, close: float, why: str | None) -> None:
        assert exit_due(PLAN, D(1), closes_of([100.0, close, 100.0]), AS_OF) == why
        mirrored = ExitPlan(D("105"), (D("90"),))
        assert exit_due(mirrored, D(-1), closes_of([100.0, 200.0 - close, 100.0]), AS_OF) == why

    def test_time_runs_out_last(self) -> None:
        quiet, stopped = bars_of([(100.0, 101.0, 99.0, 100.0)]), bars_of([(100.0, 101.0, 90.0, 100.0)])
        end = AS_OF + 10 * HOUR
        assert exit_due(PLAN, D(1), quiet, end - 1) is None
        assert exit_due(PLAN, D(1), quiet, end) == "time"
        assert exit_due(PLAN, D(1), stopped, end) == "stop"
        assert exit_due(PLAN, D(1), quiet.slice(0, 0), end) == "time"
        assert exit_due(PLAN, D(1), quiet.slice(0, 0), AS_OF) is None

    def test_a_holding_without_a_plan_is_never_due(self) -> None:
        assert exit_due(NO_EXIT, D(1), bars_of([(100.0, 1e6, 0.01, 100.0)]), AS_OF + 1_000_000 * HOUR) is None

    @pytest.mark.parametrize("price", ["0.1", "0.3", "1.1", "29273.41"])
    def test_a_level_is_touched_by_the_price_as_it_is_written(self, price: str) -> None:
        bars = bars_of([(float(price),) * 4])
        for held in (D(1), D(-1)):
            assert exit_due(ExitPlan(D(price)), held, bars, AS_OF) == "stop"
            assert exit_due(ExitPlan(None, (D(price),)), held, bars, AS_OF) == "target"
