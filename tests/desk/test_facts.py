"""Facts of a vote: who was absent and why, and the views can be read from it again. Facts of an order."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from domain.words import intent
from quorum.desk.facts import order_facts, recorded_views, vote_facts
from quorum.domain import (
    HOUR,
    ZERO,
    Abstain,
    Choice,
    Decision,
    DecisionKind,
    Direction,
    Fill,
    Hold,
    Order,
    OrderKind,
    OrderStatus,
    OrderTerms,
    Side,
    Signal,
    View,
    canonical,
)
from quorum.signals import Circumstances, ConsensusRules, consensus

NOW = 1_717_372_800_000_000_000
RULES = ConsensusRules(
    required=("smc", "ml_model"), optional=("microstructure", "momentum"), may_replace={"microstructure": "smc"}
)


def view(source: str, way: Direction = Direction.BULLISH, time: int = NOW) -> View:
    if way is Direction.NEUTRAL:
        return View(source, "BTCUSDT", time, way, 0.6, 60, "flat")
    side = way.sign
    return View(source, "BTCUSDT", time, way, 0.8, 60, "why", (99.0, 101.0), 100.0 - 9 * side, (100.0 + 30 * side,))


def decision(*signals: Signal, around: Circumstances | None = None) -> Decision:
    """A recorded vote, as it comes back from the store."""
    outcome = consensus(signals, RULES, NOW, around or Circumstances())
    facts = json.loads(canonical(vote_facts(signals, outcome)))
    choice = Choice(DecisionKind.CONSENSUS, "BTCUSDT", NOW, {}, facts, outcome.reason)
    return Decision("DEC-20240603-001", NOW, choice, "code", {})


def test_who_did_not_vote_is_named_with_the_reason() -> None:
    signals = Abstain("smc", "BTCUSDT", NOW, "no structure"), view("ml_model"), view("microstructure")
    found = decision(*signals, around=Circumstances(failed={"momentum": "timed out"})).choice.outcome["consensus"]
    assert found["absent"] == [
        {"name": "smc", "why": "abstained: no structure", "replaced_by": "microstructure"},
        {"name": "momentum", "why": "agent failed: timed out", "replaced_by": None},
    ]
    assert (found["direction"], found["pool"], found["vetoes"], found["notes"]) == ("bullish", "file4", {}, [])


def test_a_veto_is_on_record() -> None:
    stopped = decision(view("smc"), view("ml_model"), around=Circumstances(vetoes={"risk-manager": "drawdown"}))
    assert stopped.choice.outcome["consensus"]["vetoes"] == {"risk-manager": "drawdown"}


def test_views_are_read_again_once_each_and_oldest_first() -> None:
    late, early = view("smc"), view("ml_model", Direction.BEARISH, NOW - HOUR)
    neutral = view("momentum", Direction.NEUTRAL)
    one = decision(late, early, neutral, Abstain("microstructure", "BTCUSDT", NOW, "no source"))
    assert recorded_views([one, one]) == (early, neutral, late)
    risk = Decision("DEC-20240603-002", NOW, Choice(DecisionKind.RISK, "BTCUSDT", NOW, {}, {}, ""), "code", {})
    assert recorded_views([risk]) == ()


def test_an_order_tells_its_kind_and_how_much_worse_than_decided_it_was() -> None:
    def told(side: Side, terms: OrderTerms, *prices: str) -> dict[str, Any]:
        wanted = intent(side=side, terms=terms, price=Decimal(100), quantity=Decimal(4))
        fills = [Fill(f"F{p}", "Q1", "BTCUSDT", side, Decimal(2), Decimal(p), ZERO, "USDT", NOW) for p in prices]
        return order_facts(Order(wanted, OrderStatus.ACCEPTED), fills)

    bought = told(Side.BUY, OrderTerms(OrderKind.LIMIT, Hold.DAY), "100", "101")
    assert (bought["terms"], bought["slippage_bps"]) == ({"kind": "limit", "hold": "day", "trigger": None}, 50.0)
    assert told(Side.SELL, OrderTerms(), "100", "101")["slippage_bps"] == -50.0
    assert told(Side.SELL, OrderTerms())["slippage_bps"] is None
    stopped = told(Side.SELL, OrderTerms(OrderKind.STOP, Hold.GTC, Decimal("95.5")), "95")
    assert (stopped["terms"]["trigger"], stopped["slippage_bps"]) == ("95.5", None)
