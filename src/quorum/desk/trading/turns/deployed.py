"""Deployed strategies: which trade now, and what each wants by the bars that are closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from quorum.desk.deploying.known import strategy_of
from quorum.desk.desk import Desk
from quorum.desk.guarding import price_time
from quorum.desk.trading.stepping import LIMITS, Apart, Course, Poll, Stand, Steps, Stood
from quorum.domain import Instrument, Limits, QuorumError, Scope, Timeframe
from quorum.lake import Bars
from quorum.validation.life import DEPLOYED, Idea, Status


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment that trades: `share` is its fraction of the account's equity; a paused one keeps what it holds."""

    strategy_id: str
    deployment_id: str
    account: str
    decision_id: str
    share: Decimal
    idea: Idea
    params: Mapping[str, Any]
    paused: bool

    @property
    def timeframe(self) -> Timeframe:
        return Timeframe.parse(self.idea.timeframe)

    @property
    def course(self) -> Course:
        idea = self.idea
        symbols = tuple(idea.symbols)
        return Course(self.deployment_id, idea.strategy, self.params, symbols, idea.timeframe, idea.venue)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a deployed strategy wants of a symbol: where it stands, and its share of the account's equity there.

    `fresh` is until when its newest close is the market's price (ns UTC).
    """

    of: Deployed
    stand: Stand
    instrument: Instrument
    share: Decimal
    fresh: int

    @property
    def key(self) -> tuple[str, str]:
        return self.of.strategy_id, self.instrument.symbol


def deployed(desk: Desk, strategies: Sequence[str] = ()) -> list[Deployed]:
    """The deployments that trade, those of the named strategies alone where some are named."""
    newest = {record["strategy_id"]: record for record in desk.life.books.deployments.listed()}
    found = []
    for strategy_id, record in newest.items():
        candidate = desk.life.queue.get(strategy_id)
        stands = record["status"] in ("standing", "paused") and candidate.status in DEPLOYED
        if stands and (not strategies or strategy_id in strategies):
            found.append(
                Deployed(
                    strategy_id,
                    record["deployment_id"],
                    record["account"],
                    record["decision_id"],
                    Decimal(str(record["allocation"])),
                    candidate.idea,
                    record["params"],
                    candidate.status is Status.PAUSED or record["status"] == "paused",
                )
            )
    return found


def leaving(desk: Desk) -> dict[str, str]:
    """The strategies whose deployment ended with the word to close what they hold, and the decision that said so."""
    newest = {record["strategy_id"]: record for record in desk.life.books.deployments.listed()}
    return {
        name: record["decision_id"]
        for name, record in newest.items()
        if record["status"] == "ended" and record.get("positions") == "close"
    }


def barred(desk: Desk, account: str, reasons: bool = True) -> Callable[[str, str], str]:
    """Why a strategy may open nothing in a symbol: a halt reaches it, or the desk is paused; empty where it may.

    Without `reasons` it says what is halted, and not why.
    """
    halts, holds, state = desk.halts.standing(), desk.states.current().holds, desk.states.current().state

    def answer(strategy_id: str, symbol: str) -> str:
        named = {Scope.DESK: "", Scope.ACCOUNT: account, Scope.STRATEGY: strategy_id, Scope.SYMBOL: symbol}
        found = [halt for halt in halts if halt.of == named[halt.scope]]
        said = [f"{h.name} is halted ({h.severity.name})" for h in found]
        if reasons:
            said = [f"{what}: {halt.reason}" for what, halt in zip(said, found, strict=True)]
        return "; ".join(said) or (f"the desk is {state.value}" if holds else "")

    return answer


def kept_back(desk: Desk) -> list[dict[str, Any]]:
    """Why deployed strategies hold less than they have decided, by account and symbol: a pause, halts, risk's word on
    the newest decision; those alone that something keeps back."""
    rows = desk.rows(("strategy_target",))["strategy_target"]
    targets = {(row["deployment_id"], row["symbol"]): row for row in rows}
    found = []
    for of in deployed(desk):
        why_not = barred(desk, of.account, reasons=False)
        for symbol in of.idea.symbols:
            said = targets.get((of.deployment_id, symbol), {}).get("said", "")
            why = "; ".join(filter(None, ("it is paused" if of.paused else "", why_not(of.strategy_id, symbol), said)))
            if why:
                found.append({"strategy_id": of.strategy_id, "account": of.account, "symbol": symbol, "why": why})
    return found


def minutes_for(desk: Desk) -> frozenset[str]:
    """The symbols that are traded at the simulated venue, which fills by the shortest bars that there are."""
    accounts = desk.settings.accounts.accounts
    ours = [of for of in deployed(desk) if of.account in accounts and accounts[of.account].venue == "simulated"]
    return frozenset(symbol for of in ours for symbol in of.idea.symbols)


@dataclass
class Streams:
    """The streams of deployed strategies, kept from turn to turn; `poll` brings a series' newest bars before it is
    read. Strategies of others are stepped in processes of their own, which are kept too, each within `limits`."""

    desk: Desk
    poll: Poll | None = None
    limits: Limits = LIMITS
    _steps: Steps = field(init=False)
    _apart: Apart = field(init=False)

    def __post_init__(self) -> None:
        self._steps = Steps(self.desk.lake, lambda series: None if self.poll is None else self.poll(series))
        self._apart = Apart(self.desk.executor, str(self.desk.workspace.home), self.limits)

    def wishes(self, standing: Sequence[Deployed], as_of: int) -> tuple[list[Wish], dict[str, QuorumError]]:
        """What each wants of its symbols, and by strategy why nobody knows."""
        found, errors = list[Wish](), dict[str, QuorumError]()
        foreign: dict[str, tuple[Deployed, Sequence[Bars]]] = {}
        for of in standing:
            try:
                lot = self._steps.closed(of.course, as_of)
                if of.course.is_foreign:
                    foreign[of.deployment_id] = (of, lot)
                else:
                    stood = self._steps.stood(of.course, strategy_of(self.desk, of.idea), lot)
                    found += self._wished(of, stood, lot, as_of)
            except QuorumError as error:
                errors[of.strategy_id] = error
        asked = [(of.course, max(int(bars.time[-1]) for bars in lot)) for of, lot in foreign.values()]
        for name, answer in self._apart.stands(asked, as_of).items():
            of, bars_of = foreign[name]
            if isinstance(answer, QuorumError):
                errors[of.strategy_id] = answer
            else:
                found += self._wished(of, answer, bars_of, as_of)
        return found, errors

    def _wished(self, of: Deployed, stood: Stood, lot: Sequence[Bars], as_of: int) -> list[Wish]:
        """A portfolio weighs its symbols itself; else they share the allocation."""
        share = of.share / (1 if stood.together else len(lot))
        instrument = self.desk.settings.instruments.instrument
        return [
            Wish(of, stand, instrument(bars), share, price_time(bars, as_of))
            for stand, bars in zip(stood.stands, lot, strict=True)
        ]
