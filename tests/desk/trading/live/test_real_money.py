"""Real money, the local Alpaca as the live host: nothing leaves without two persons' words, and with them it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from desk.deploying.climbed import write
from desk.trading.practice import Plan, deploy_all
from domain.words import intent
from quorum.bootstrap import open_desk
from quorum.bootstrap.emergency.card import read_card
from quorum.bootstrap.emergency.doors import open_door
from quorum.desk import Desk, books, make_workspace
from quorum.desk.approvals import Question, Standing
from quorum.desk.running import known_to, protocols_of
from quorum.desk.schedule import Schedule, read_schedules
from quorum.desk.schedule.plan import request_at
from quorum.desk.trading.live import Consents, terms_of
from quorum.desk.trading.turns import Streams, trade_turn
from quorum.desk.work import Assignment, run_task
from quorum.desk.workflows import workflows
from quorum.domain import (
    DAY,
    HOUR,
    MINUTE,
    BrokerError,
    NeedsApproval,
    OrderIntent,
    Part,
    Purpose,
    Side,
    SystemClock,
    Timeframe,
    VirtualClock,
)
from quorum.lake import Bars
from quorum.simulator import Address
from simulator.sim_markets import NOON, journaled, venue


@dataclass(frozen=True)
class Real:
    """A desk with one account that has real money at the local venue, and what the venue saw."""

    desk: Desk
    client: httpx.Client
    strategy_id: str

    @property
    def requests(self) -> int:
        return len(journaled(self.client, "accepted", "declined"))

    def opened(self) -> Desk:
        """Another process's desk over the same store."""
        return open_desk(self.desk.workspace.home, self.desk.clock)


def account_line(address: Address, keys: Path, **more: str) -> str:
    given = {"book": "equities", "currency": "USD", "cash": "100000", "venue": "alpaca", "host": f"'{address.url}'"}
    return ", ".join(f"{name}: {value}" for name, value in {**given, "keys": f"'file:{keys}'", **more}.items())


@contextmanager
def real(folder: Path, **more: str) -> Iterator[Real]:
    with venue() as (address, client):
        home = folder / "home"
        make_workspace(home, ("momentum",))
        keys = home / "keys.env"
        keys.write_text(f"ALPACA_API_KEY={address.keys.key}\nALPACA_SECRET_KEY={address.keys.secret}\n")
        keys.chmod(0o600)
        line = account_line(address, keys, live="true", **more)
        (home / "config" / "accounts.yaml").write_text(
            f"accounts:\n  practice: {{book: equities, currency: USD, cash: 100000}}\n  shares: {{{line}}}\n"
        )
        desk = open_desk(home, VirtualClock(NOON))
        plan = Plan(symbols=("AAPL",), share=0.1, timeframe="1m", venue="alpaca")
        (strategy_id,) = deploy_all(desk, plan, account="practice")
        yield Real(desk, client, strategy_id)


def yes(desk: Desk, strategy_id: str, approved: bool = True, **shows: str) -> str:
    """A question that a person has answered."""
    key = f"{strategy_id}/{sorted(shows)}/{desk.clock.now()}/{approved}"
    told = {"strategy_id": strategy_id, **shows}
    asked = desk.approvals.ask(Question(key, "WF-1", "consent", "May it?", desk.clock.now() + DAY, told))
    desk.approvals.answer(asked.approval_id, approved, "ada", "looked at it", "cli")
    return asked.approval_id


def live_record(world: Real, first: str, second: str, **changed: Any) -> Mapping[str, Any]:
    """A deployment with real money on these two approvals."""
    paper = world.desk.life.books.deployments.listed(strategy_id=world.strategy_id)[0]
    values = {"stage": "LIVE", "account": "shares", "status": "standing"}
    approvals = {"first_approval_id": first, "approval_id": second}
    return world.desk.life.books.deployments.open({**paper, **values, **approvals, **changed})


def agreed(world: Real, **changed: Any) -> Mapping[str, Any]:
    terms = terms_of(world.desk.settings.accounts.accounts["shares"])
    first = yes(world.desk, world.strategy_id)
    return live_record(world, first, yes(world.desk, world.strategy_id, account="shares", terms=terms), **changed)


def wish(desk: Desk, strategy_id: str, purpose: Purpose = Purpose.TARGET, side: Side = Side.BUY) -> OrderIntent:
    now = desk.clock.now()
    base = intent(
        intent_id=f"INT-{side}",
        client_order_id=f"Q-{side}-{purpose}",
        account="shares",
        symbol="AAPL",
        side=side,
        quantity=Decimal(10),
        price=Decimal(100),
        collar=Decimal(101) if side is Side.BUY else Decimal(99),
        created_at=now,
        expires_at=now + HOUR,
    )
    return replace(base, purpose=purpose, parts=(Part(strategy_id, side.sign * Decimal(10)),))


def test_nothing_leaves_without_both_approvals_not_even_a_question(tmp_path: Path) -> None:
    with real(tmp_path) as world:
        broker = world.desk.broker("shares", world.desk.clock)
        assert broker.abilities.short  # what it can do is known, and asks nobody
        asks = (broker.account, broker.open_orders, broker.cancel_all, lambda: broker.order("Q1"))
        for ask in asks:
            with pytest.raises(NeedsApproval, match="account shares trades with real money, and nobody has agreed"):
                ask()
        with pytest.raises(NeedsApproval):
            world.desk.account_for("USD", "shares")
        with pytest.raises(NeedsApproval), world.desk.updates("shares", print, lambda: False):
            pass
        with pytest.raises(BrokerError, match=f"{world.strategy_id} may not trade real money in account shares"):
            broker.submit(wish(world.desk, world.strategy_id))
        assert world.requests == 0
        assert world.desk.account_for("USD") == "practice"  # nor is it ever the one that is chosen


def test_with_both_it_opens_and_only_for_that_strategy(tmp_path: Path) -> None:
    with real(tmp_path) as world:
        agreed(world)
        desk = world.opened()
        broker = desk.broker("shares", desk.clock)
        assert broker.account().cash["USD"] == 100_000
        assert broker.submit(wish(desk, world.strategy_id)).client_order_id == f"Q-{Side.BUY}-{Purpose.TARGET}"
        sent = world.requests
        for other in ("STR-999", ""):
            with pytest.raises(BrokerError, match="may not trade real money"):
                broker.submit(replace(wish(desk, other), client_order_id=f"Q{other}"))
        assert world.requests == sent


def test_what_lets_go_leaves_also_when_the_strategy_may_not_open_any_more(tmp_path: Path) -> None:
    with real(tmp_path) as world:
        record = agreed(world)
        desk = world.opened()
        broker = desk.broker("shares", desk.clock)
        broker.submit(wish(desk, world.strategy_id))
        desk.life.books.deployments.change((record["deployment_id"],), lambda old: {**old, "status": "ended"})
        with pytest.raises(BrokerError, match="may not trade real money"):
            broker.submit(replace(wish(desk, world.strategy_id), client_order_id="Q-more"))
        broker.submit(wish(desk, world.strategy_id, Purpose.REDUCTION, Side.SELL))
        again = world.opened()
        assert again.broker("shares", again.clock).account().positions == {}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("one", "has one approval, and two are needed"),
        ("no", "is no person's yes"),
        ("standing", "is no person's yes"),
        ("other strategy", "is no person's yes"),
        ("other account", "agreed to"),
        ("absent", "there is no approval"),
        ("admitted", "nobody has agreed"),
    ],
)
def test_approvals_that_are_none_open_nothing(tmp_path: Path, change: str, why: str) -> None:
    with real(tmp_path) as world:
        desk, one = world.desk, world.strategy_id
        terms = terms_of(desk.settings.accounts.accounts["shares"])
        first = yes(desk, one)
        shows = {"account": "practice" if change == "other account" else "shares", "terms": terms}
        who = "STR-999" if change == "other strategy" else one
        if change == "standing":
            now = desk.clock.now()
            scope = {"workflow": "live_deployment"}
            desk.approvals.grant(Standing("all", scope, None, now, now + DAY, "ada", "trust"))
            told = {"strategy_id": one, **shows}
            second = desk.approvals.ask(Question("k", "WF", "consent", "?", now + DAY, told, scope)).approval_id
        else:
            second = yes(desk, who, change != "no", **shows)
        names = {"one": (second, second), "absent": ("APR-20200101-001", second)}.get(change, (first, second))
        live_record(world, *names, status="admitted" if change == "admitted" else "standing")
        with pytest.raises(NeedsApproval, match=why):
            desk.broker("shares", desk.clock).account()
        assert world.requests == 0


def test_another_place_or_other_keys_are_asked_for_anew(tmp_path: Path) -> None:
    with real(tmp_path) as world:
        agreed(world)
        assert world.opened().broker("shares", world.desk.clock).account().cash
        path = world.desk.workspace.config / "accounts.yaml"
        path.write_text(
            path.read_text().replace(
                "book: equities, currency: USD, cash: 100000, venue", "book: crypto, currency: USD, cash: 100000, venue"
            )
        )
        desk = world.opened()
        with pytest.raises(NeedsApproval, match=r"agreed to .*book equities, USD, and it is .*book crypto"):
            desk.broker("shares", desk.clock).account()
        with pytest.raises(BrokerError, match="agreed to"):  # what did not leave is refused, and not unknown
            desk.broker("shares", desk.clock).submit(wish(desk, world.strategy_id, Purpose.REDUCTION, Side.SELL))


def test_in_an_emergency_the_account_is_reached_without_the_store_once_something_was_sent(tmp_path: Path) -> None:
    with real(tmp_path) as world:
        home = world.desk.workspace.home
        assert open_door(home, read_card(home), "shares", SystemClock()) is None
        agreed(world)
        desk = world.opened()
        desk.broker("shares", desk.clock).account()
        door = open_door(home, read_card(home), "shares", SystemClock())
        assert door is not None
        assert door.broker.account().cash["USD"] == 100_000
        card = read_card(home)
        moved = {**card.accounts["shares"], "host": "http://127.0.0.1:1"}
        with pytest.raises(NeedsApproval, match="was agreed to"):
            open_door(home, replace(card, accounts={"shares": moved}), "shares", SystemClock())


def test_what_is_agreed_to_is_looked_up_each_time(tmp_path: Path) -> None:
    with real(tmp_path) as world:
        consents = Consents(world.desk.life.books.deployments, world.desk.approvals)
        section = world.desk.settings.accounts.accounts["shares"]
        assert consents.of("shares", section).strategies == frozenset()
        record = agreed(world)
        assert consents.of("shares", section).strategies == {world.strategy_id}
        world.desk.life.books.deployments.change((record["deployment_id"],), lambda old: {**old, "status": "paused"})
        found = consents.of("shares", section)
        assert (found.strategies, found.ever, found.why) == (frozenset(), {world.strategy_id}, "")


def test_a_turn_on_paper_leaves_real_money_alone_and_a_live_one_trades_it(tmp_path: Path) -> None:
    with real(tmp_path) as world:
        write(tmp_path / "files" / "AAPL.alpaca_1m.csv", waves())
        world.desk.lake.import_path(tmp_path / "files")
        agreed(world)
        clock = VirtualClock(NOON)
        desk = open_desk(world.desk.workspace.home, clock)
        streams, trades = Streams(desk), 0
        for _ in range(20):
            clock.advance_to(clock.now() + MINUTE)
            world.client.post("/sim/clock", json={"advance": 60}).raise_for_status()
            on_paper = trade_turn(desk, streams, paper=True)
            assert (on_paper.standing, on_paper.orders, on_paper.errors) == ([], [], {})
            turn = trade_turn(desk, streams, paper="live")
            assert not turn.errors
            trades += turn.trades
        assert trades >= 2
        assert len(journaled(world.client, "accepted")) == len(desk.orders.of("shares"))
        assert desk.orders.of("practice") == []
        assert books(desk, "shares").balanced


@pytest.mark.parametrize(("words", "traded"), [("", False), ("execution: live", True)])
def test_unattended_live_differs_by_the_schedules_word_and_two_approvals(
    tmp_path: Path, words: str, traded: bool
) -> None:
    """The workflow as it is shipped; without the approvals nothing leaves, whatever the schedule says."""
    with real(tmp_path) as world:
        write(tmp_path / "files" / "AAPL.alpaca_1m.csv", waves())
        world.desk.lake.import_path(tmp_path / "files")
        desk, clock = unattended(world, words)
        one = yes(desk, world.strategy_id, account="shares")
        live_record(world, one, one)
        turn = a_minute(world, desk, clock)
        assert (world.requests, turn["orders"]) == (0, [])
        assert ("two are needed" in turn["errors"].get("shares", "")) is traded
        agreed(world)
        turns = [a_minute(world, desk, clock) for _ in range(20)]
        assert (sum(turn["trades"] for turn in turns) >= 2) is traded
        assert (world.requests > 0) is traded


def unattended(world: Real, words: str) -> tuple[Desk, VirtualClock]:
    """A desk whose schedule trades what is deployed, with these words of it."""
    line = ", ".join(filter(None, ("workflow: deployed_trading, enabled: true", words)))
    config, clock = world.desk.workspace.config, VirtualClock(NOON)
    (config / "schedule.yaml").write_text(f"schedules:\n  mine: {{{line}}}\n")
    return open_desk(world.desk.workspace.home, clock), clock


def a_minute(world: Real, desk: Desk, clock: VirtualClock) -> Mapping[str, Any]:
    """What the schedule's next run does, a minute later."""
    clock.advance_to(clock.now() + MINUTE)
    world.client.post("/sim/clock", json={"advance": 60}).raise_for_status()
    specs = workflows(desk.workspace.config / "workflows", known_to(desk), protocols_of(desk))
    schedule = read_schedules(desk.workspace.config / "schedule.yaml", specs)["mine"]
    assert isinstance(schedule, Schedule)
    run = request_at(schedule, clock.now(), {})
    asked = Assignment("k", "w", "trade_deployed", "risk-manager", run["as_of"], run["params"])
    return run_task(desk, "trade_deployed", replace(asked, execution=run["execution"]))


def waves() -> Bars:
    """Minutes around noon at about 100, up and down every few."""
    n = 90
    close = 100.0 + np.round(0.2 * np.sin(np.arange(n) / 1.5), 2)
    time = NOON - 60 * MINUTE + np.arange(n, dtype=np.int64) * MINUTE
    opened = np.concatenate([[100.0], close[:-1]])
    high, low = np.maximum(opened, close), np.minimum(opened, close)
    return Bars("AAPL", "alpaca", Timeframe(MINUTE), time, close, opened, high, low, np.full(n, 1e6), price_decimals=2)
