"""What happens in the chapter: a person deploys, bar by bar it trades, limits bite, a reply is lost, all is closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from quorum.bootstrap import close_everywhere, open_desk
from quorum.desk import Desk
from quorum.desk.approvals import Question
from quorum.desk.deploying import consent_of, deploy, plan_deployment
from quorum.desk.trading.halting import follow_halts
from quorum.desk.trading.turns import Streams, Turn, trade_turn
from quorum.domain import DAY, SECOND, SystemClock, VirtualClock
from quorum.lake import Bars
from quorum.surfaces.demo.editing import edit
from quorum.surfaces.demo.ideas import Planted
from quorum.surfaces.demo.market import write_bars
from quorum.surfaces.demo.trading.telling import Deployment, Happened, tell_trading
from quorum.surfaces.demo.trading.venue import ACCOUNT, TICK, Venue
from quorum.surfaces.report import ExecutionStory
from quorum.validation.life import Status

Say = Callable[[str], None]

BY = "the demo's script"
REASON = "small, and on paper"
BARS = 400
QUIET_TRADES = 3
COLLAR = Decimal("0.10")
NO_LIMIT = "{}"
LOST = {"fault": "reset_after", "on": "POST /v2/orders"}


class Market(NamedTuple):
    """The idea whose strategy is deployed, and the seed of its market."""

    idea: Planted
    seed: int


def run_trading(
    home: Path, venue: Venue, market: Market, clock: VirtualClock, trades: int, say: Say
) -> ExecutionStory | None:
    """Deploy the strategy and trade it until so many orders are filled, then close everything; None where no strategy
    of that idea waits for a person's word.

    `clock` stands where the strategy's life ended, as the venue's does.
    """
    desk = open_desk(home, clock)
    strategy_id = _waiting(desk, market.idea)
    if strategy_id is None:
        say(f"  no strategy of {market.idea.symbol} waits for a person's word: nothing is deployed")
        return None
    bars = _later(desk, market)
    deployment = _deployed(desk, strategy_id, market.idea.name)
    say(f"  {deployment.deployment_id}: {strategy_id} trades at {venue.url}")
    shift = Shift(home, venue, clock, bars)
    shift.until(lambda turn: shift.filled >= QUIET_TRADES)
    venue.spoil(**LOST)
    lost = shift.until(lambda turn: bool(turn.orders))
    half = _half(shift)
    shrunk = shift.under(f"{{max_order_notional: {half}}}", "shrunk")
    vetoed = shift.under("{max_order_notional: 5}", "vetoed")
    shift.until(lambda turn: shift.filled >= trades - 1 and shift.holds)
    say(f"  {shift.turns} bars, {shift.filled} orders filled{shift.ended}")
    closed = _close(shift)
    happened = Happened(shift.bars.slice(0, shift.next), lost, shrunk, vetoed, closed)
    story = tell_trading(shift.desk, venue, deployment, happened)
    say(f"  closed in {story.closed.seconds:.1f} s; {len(story.differences)} differences to the venue")
    return story


def _waiting(desk: Desk, idea: Planted) -> str | None:
    ready = desk.life.queue.listed([Status.AWAITING_HUMAN])
    return next((one.strategy_id for one in ready if one.idea.symbols == (idea.symbol,)), None)


def _later(desk: Desk, market: Market) -> Bars:
    """Bring what the market does next into the lake; the clock shows of it what is closed."""
    series = next(info for info in desk.lake.series() if info.symbol == market.idea.symbol)
    before = desk.lake.bars(series.symbol, series.timeframe, series.venue)
    bars = market.idea.later(market.seed, before, BARS)
    desk.lake.import_path(write_bars(desk.workspace.home / "data" / "later", bars))
    return bars


def _deployed(desk: Desk, strategy_id: str, name: str) -> Deployment:
    """A person, whom the script plays, is asked and says yes; by that it is deployed."""
    plan = plan_deployment(desk, strategy_id, ACCOUNT)
    shows = {"strategy_id": strategy_id, "account": ACCOUNT, "summary": plan.summary}
    question = "Deploy this strategy to paper trading?"
    until = desk.clock.now() + DAY
    asked = desk.approvals.ask(Question(f"demo/{strategy_id}", "the demo", "consent", question, until, shows))
    desk.approvals.answer(asked.approval_id, True, BY, REASON, "demo")
    record = deploy(desk, strategy_id, consent_of(desk, asked.approval_id, strategy_id), ACCOUNT)
    return Deployment(strategy_id, name, record["deployment_id"], asked.approval_id, record["summary"])


@dataclass
class Shift:
    """The strategy at work, bar by bar; the desk is opened anew whenever a file has changed."""

    home: Path
    venue: Venue
    clock: VirtualClock
    bars: Bars
    next: int = 0
    turns: int = 0
    desk: Desk = field(init=False)
    streams: Streams = field(init=False)

    def __post_init__(self) -> None:
        self._open()
        length = self.bars.timeframe.nanoseconds
        while int(self.bars.time[self.next]) + length <= self.clock.now():
            self.next += 1  # what closed before the deployment

    def _open(self) -> None:
        self.desk = open_desk(self.home, self.clock)
        self.streams = Streams(self.desk)

    @property
    def filled(self) -> int:
        """How many orders have traded."""
        return sum(1 for order in self.desk.orders.of(ACCOUNT) if order.filled)

    @property
    def holds(self) -> bool:
        with self.desk.accounts.transaction(ACCOUNT) as transaction:
            return any(position.quantity for position in transaction.book().positions.values())

    @property
    def ended(self) -> str:
        """Why it trades no more, in words; empty while it does."""
        halts = [f"{halt.name} is halted: {halt.reason}" for halt in self.desk.halts.standing()]
        return "".join(f"; {one}" for one in halts or (["its market has ended"] if self.next == len(self.bars) else []))

    def until(self, happened: Callable[[Turn], bool]) -> Turn | None:
        """A turn at each close until it has happened; None when the market ends before, or the strategy is halted."""
        while self.next < len(self.bars) and not self.desk.halts.standing():
            turn = self._turn()
            if happened(turn):
                return turn
        return None

    def under(self, limits: str, verdict: str) -> Mapping[str, Any] | None:
        """Trade under limits that a person writes into the file, until risk says that; its word. They are lifted."""
        self._limit(NO_LIMIT, limits)
        turn = self.until(lambda turn: bool(_words(turn, verdict)))
        self._limit(limits, NO_LIMIT)
        return None if turn is None else _words(turn, verdict)[0]

    def _limit(self, before: str, after: str) -> None:
        edit(self.home / "config" / "risk.yaml", f"{ACCOUNT}: {before}", f"{ACCOUNT}: {after}")
        self._open()

    def _turn(self) -> Turn:
        closes = int(self.bars.time[self.next]) + self.bars.timeframe.nanoseconds
        self.pass_to(closes)
        self.venue.move(Decimal(str(self.bars.close[self.next])).quantize(TICK))
        self.next += 1
        self.turns += 1
        return trade_turn(self.desk, self.streams, paper=True)

    def pass_to(self, instant: int) -> None:
        """Let time pass, at the venue and here."""
        self.venue.wait((instant - self.clock.now()) / SECOND)
        self.clock.advance_to(instant)


def _words(turn: Turn, verdict: str) -> Sequence[Mapping[str, Any]]:
    return [word for word in turn.risk if word["verdict"] == verdict]


def _half(shift: Shift) -> int:
    """Half of what the newest order was worth."""
    intent = shift.desk.orders.of(ACCOUNT)[-1].intent
    return int(intent.quantity * intent.price / 2)


def _close(shift: Shift) -> Mapping[str, Any]:
    """Halt and close all, as `quorum close-all` does: at the machine's time, to which desk and venue are moved."""
    shift.pass_to(SystemClock().now())
    closed = close_everywhere(shift.home, ACCOUNT, (BY, "the demo is over"), COLLAR, follow=False)
    follow_halts(shift.desk)
    return closed
