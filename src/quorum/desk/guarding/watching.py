"""Watching the books: what each is worth, which breaker that trips, and what is done about it, once for a crossing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from quorum.desk.desk import Accounting, Desk
from quorum.desk.guarding.acting import carry_out, clear_way, is_open, tightened_now
from quorum.desk.guarding.around import allocation_of, whole
from quorum.desk.guarding.closing import Step, close_part
from quorum.desk.guarding.prices import blind, priced
from quorum.desk.guarding.telling import tell_blind, tell_left, tell_losses, tell_strategy
from quorum.desk.trading.halting.following import follow_halts
from quorum.domain import Book, Choice, Clock, DecisionKind, Halt, QuorumError, Scope, Severity, plain
from quorum.risk import (
    RAISED_BY,
    Action,
    Around,
    Asked,
    Breaker,
    RiskLimits,
    book_breaker,
    drawdown,
    fallen,
    strategy_breaker,
)


@dataclass(frozen=True, slots=True)
class Watched:
    """An account after a look: its book, what lies around it, the breaker in force, what was done now.

    `stopped` are strategies that were halted now; `done` is None where no breaker was newly passed; `unpriced` are
    holdings of which the lake has no price.
    """

    book: Book
    around: Around
    breaker: Breaker
    stopped: tuple[str, ...] = ()
    done: Mapping[str, Any] | None = None
    unpriced: tuple[str, ...] = ()

    @property
    def fall(self) -> Decimal:
        """The fall from the peak, a fraction."""
        return drawdown(self.book.equity, self.around.peak_equity)


def watch_books(desk: Desk, clock: Clock | None = None) -> list[Watched]:
    """Look at every account that is open and configured; see `watch_book`.

    One that cannot be looked at keeps no other from it: its error is raised when all have been.
    """
    configured = desk.settings.accounts.accounts
    names = [row["account"] for row in desk.accounts.listed() if row["account"] in configured]
    found, refused = list[Watched](), list[QuorumError]()
    for name in names:
        try:
            found.append(watch_book(desk, name, clock))
        except QuorumError as error:
            refused.append(error)
    if refused:
        raise refused[0]
    return found


def watch_book(desk: Desk, account: str, clock: Clock | None = None) -> Watched:
    """Value an account at the lake's newest prices, keep what it is worth, and do what its breakers say.

    A breaker acts once for each fall from a peak, a deeper one again; every act is a decision, and people are told,
    of losses from 80 % of their limits on, and of what a venue does not cancel or close, which is tried again.
    """
    clock = clock or desk.clock
    now, limits = clock.now(), desk.limits(account)
    with desk.accounts.transaction(account) as transaction:
        held = [symbol for symbol, position in transaction.book().positions.items() if position.quantity]
        prices = priced(desk, held, now)
        book = transaction.value({symbol: one.last for symbol, one in prices.items()}, now)
        around = whole(desk, transaction, transaction.around(book, now))
        falls = _falls(desk, transaction, book, around)
        breaker = book_breaker(drawdown(book.equity, around.peak_equity), limits, around.deepest)
        tell_losses(desk, book, limits, around, transaction)
        lacking = sorted(set(held) - set(prices))
    found = Watched(book, around, breaker, _stop_strategies(desk, account, falls, limits, now), unpriced=tuple(lacking))
    tell_blind(desk, account, lacking, bool(breaker.close), now)
    if breaker.severity >= Severity.RED:
        _halt(desk, found, now)
    if found.stopped or breaker.severity >= Severity.RED:
        follow_halts(desk)
    if not breaker.actions:
        return found
    prices |= blind(desk, account, book, lacking)
    step = Step(account, now, breaker, prices, frozenset(lacking))
    return replace(found, done=_act(desk, found, step, clock))


def _falls(desk: Desk, transaction: Accounting, book: Book, around: Around) -> dict[str, Decimal]:
    """How far each strategy stands below its own peak."""
    return {
        name: transaction.around(
            book, around.now, Asked("", name, allocation_of(desk, book.account, name))
        ).strategy_drawdown
        for name in around.strategies
    }


def _stop_strategies(
    desk: Desk, account: str, falls: Mapping[str, Decimal], limits: RiskLimits, now: int
) -> tuple[str, ...]:
    """A RED halt for each strategy that has fallen too far and is not halted for it."""
    stopped = []
    for name, fall in sorted(falls.items()):
        if strategy_breaker(fall, limits).actions and not _stands(desk, Scope.STRATEGY, name):
            reason = f"strategy {name} has fallen {fall:.1%} from its peak in account {account} (strategy_red_at)"
            desk.halts.raise_(Halt(Scope.STRATEGY, name, Severity.RED, reason, RAISED_BY, now))
            tell_strategy(desk, name, reason, now)
            stopped.append(name)
    return tuple(stopped)


def _halt(desk: Desk, found: Watched, now: int) -> None:
    """What stops entries stands in the halts too: RED for the account, BLACK for the desk; once."""
    account, black = found.book.account, found.breaker.severity is Severity.BLACK
    scope, of = (Scope.DESK, "") if black else (Scope.ACCOUNT, account)
    if _stands(desk, scope, of, account):
        return
    worst = max(found.fall, found.around.deepest)
    reason = f"{fallen(account)}{worst:.1%} from its peak, its breaker is at {found.breaker.at:.0%}"
    desk.halts.raise_(Halt(scope, of, found.breaker.severity, reason, RAISED_BY, now))


def _stands(desk: Desk, scope: Scope, of: str, account: str = "") -> bool:
    begins = fallen(account) if account else ""
    return any(
        (halt.scope, halt.of, halt.by) == (scope, of, RAISED_BY) and halt.reason.startswith(begins)
        for halt in desk.halts.standing()
    )


def _act(desk: Desk, found: Watched, step: Step, clock: Clock) -> Mapping[str, Any] | None:
    """What the breaker asks for, once: its decision and the closing orders in one transaction, then they leave.

    None where all of that was done before; what a venue did not do then is tried again.
    """
    book, around, breaker = found.book, found.around, found.breaker
    key = f"breaker/{book.account}/{plain(around.peak_equity - book.funded)}/{breaker.at}"
    before = _answer(desk, book.account, key)
    closes = breaker.close and (before is None or is_open(desk, before))
    ended, kept = clear_way(desk, step, clock) if closes else ([], {})
    with desk.accounts.transaction(book.account) as transaction:
        answer = transaction.once(key, lambda: _decided(desk, found, step, transaction))
    done = carry_out(desk, step, clock, answer, ended)
    tell_left(desk, book.account, {**kept, **done["failed"]}, step.now)
    return done if before is None else None


def _decided(desk: Desk, found: Watched, step: Step, transaction: Accounting) -> dict[str, Any]:
    """The breaker's decision, and the intents that follow from it."""
    account, breaker = step.account, step.breaker
    stops = tightened_now(desk, transaction, step) if Action.TIGHTEN_STOPS in breaker.actions else {}
    actions = [str(action) for action in breaker.actions]
    told = {"breaker": plain(breaker.at), "actions": actions, "stops": plain(stops), "fall": plain(found.fall)}
    inputs = {"book": plain(found.book), "limits": plain(desk.limits(account))}
    why = f"{fallen(account)}{found.fall:.1%}: {', '.join(actions)}"
    choice = Choice(DecisionKind.HALT, account, step.now, inputs, told, why)
    decided = transaction.record(choice).decision_id
    return {**told, "decision_id": decided, "closing": close_part(desk, transaction, step, decided)}


def _answer(desk: Desk, account: str, key: str) -> Mapping[str, Any] | None:
    """What came of the effect of that key, None before it is committed; looking leaves nothing behind."""

    def act() -> Mapping[str, Any]:
        raise _NotYet

    try:
        with desk.accounts.transaction(account) as transaction:
            return transaction.once(key, act)
    except _NotYet:
        return None


class _NotYet(Exception):
    """Nothing was done under a key so far."""


def accounts_watched(found: Sequence[Watched]) -> list[dict[str, Any]]:
    """What was seen and done, as plain facts."""
    return [
        {
            "account": one.book.account,
            "equity": plain(one.book.equity),
            "peak": plain(one.around.peak_equity),
            "fall": float(one.fall),
            "breaker": plain(one.breaker.at),
            "severity": one.breaker.severity.name,
            "actions": [str(action) for action in one.breaker.actions],
            "stopped": list(one.stopped),
            "unpriced": list(one.unpriced),
            "done": one.done,
        }
        for one in found
    ]
