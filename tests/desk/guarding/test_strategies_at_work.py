"""Limits of strategies at work on the local Alpaca: what they forbid is vetoed by its name and never reaches it."""

from __future__ import annotations

from pathlib import Path

from desk.trading.local import Dictated, Local, local
from desk.trading.practice import Plan, deploy_all
from quorum.bootstrap import open_desk
from quorum.desk.guarding import check_strategy
from quorum.desk.trading.turns import Turn, attributions
from quorum.domain import Halt, Scope, Severity

NAN = float("nan")
ROOMY = {"max_orders_per_minute": 1000, "max_strategy": 0.08}


def dictated(place: Local, *shares: float) -> Dictated:
    """So many strategies on AAPL at 100, none of which wants anything yet."""
    plans = [Plan(f"./{i}.py", ("AAPL",), share, {}, "1m", "alpaca") for i, share in enumerate(shares)]
    ids = deploy_all(place.desk, *plans, account="shares")
    return Dictated(place.desk, wants=dict.fromkeys(ids, ("AAPL", 0.0, NAN)), prices={"AAPL": 100})


def wants(place: Local, streams: Dictated, name: str, weight: float, seconds: float = 60) -> Turn:
    """One that wants so much of its share; a turn, and another that sees the fills."""
    streams.wants[name] = ("AAPL", weight, NAN)
    place.later(seconds)
    first = place.turn(streams)
    place.turn(streams)
    return first


def held(place: Local) -> dict[str, int]:
    return {one.strategy_id: int(one.quantity) for one in attributions(place.desk)}


def sent(place: Local) -> int:
    return len(place.happened("accepted"))


def with_desk_limits(place: Local, limits: str) -> None:
    home = place.desk.workspace.home
    with (home / "config" / "risk.yaml").open("a", encoding="utf-8") as file:
        file.write(f"desk: {{{limits}}}\n")
    place.desk = open_desk(home, place.clock)


def test_one_that_opens_against_what_others_hold_has_its_own_limit(tmp_path: Path) -> None:
    with local(tmp_path, limits=ROOMY) as place:
        streams = dictated(place, 0.0705, 0.0705, 0.1005)
        wants(place, streams, "STR-001", 1.0)
        wants(place, streams, "STR-002", 1.0)
        (risk,) = wants(place, streams, "STR-003", -1.0).risk  # 100 of the account's 140
        assert risk["reasons"] == ["cut from 100 to 79 by max_strategy"]
        assert held(place) == {"STR-001": 70, "STR-002": 70, "STR-003": -79}
        before = sent(place)
        wants(place, streams, "STR-003", 0.0)
        assert held(place)["STR-003"] == 0
        assert sent(place) == before + 1


def test_a_halted_one_opens_nothing_against_what_others_hold(tmp_path: Path) -> None:
    with local(tmp_path, limits=ROOMY) as place:
        streams = dictated(place, 0.0705, 0.0305)
        wants(place, streams, "STR-001", 1.0)
        place.desk.halts.raise_(Halt(Scope.STRATEGY, "STR-002", Severity.RED, "a test", "risk", place.clock.now()))
        before = sent(place)
        assert wants(place, streams, "STR-002", -1.0).orders == []
        assert (sent(place), held(place)) == (before, {"STR-001": 70})


def test_the_same_order_within_seconds_is_a_duplicate_and_never_leaves(tmp_path: Path) -> None:
    with local(tmp_path, limits=ROOMY) as place:
        streams = dictated(place, 0.0505, 0.0505)
        place.turn(streams)
        wants(place, streams, "STR-001", 1.0)
        before = sent(place)
        (risk,) = wants(place, streams, "STR-002", 1.0, seconds=4).risk
        assert risk["verdict"] == "vetoed"
        assert risk["reasons"] == ["the same symbol, side and quantity was ordered within 5 s (duplicate_seconds)"]
        assert (sent(place), held(place)) == (before, {"STR-001": 50})
        wants(place, streams, "STR-002", 0.5, seconds=60)
        assert held(place) == {"STR-001": 50, "STR-002": 25}


def test_what_a_strategy_may_have_in_all_accounts_bounds_it(tmp_path: Path) -> None:
    with local(tmp_path, limits=ROOMY) as place:
        with_desk_limits(place, "max_strategy: 0.03")
        streams = dictated(place, 0.0705)
        (risk,) = wants(place, streams, "STR-001", 1.0).risk
        assert risk["reasons"] == ["cut from 70 to 29 by desk_max_strategy"]
        assert held(place) == {"STR-001": 29}
        shares = {use["limit"]: use["share"] for use in check_strategy(place.desk, "STR-001")["warnings"]}
        assert 0.9 < shares["desk_max_strategy"] <= 1
