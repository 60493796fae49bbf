"""Halt, cancel-all and close-all, put together from the emergency card alone.

Promise: works with a hung engine, a broken config and a locked or broken store; imports neither dbos nor numba.
In: a workspace's folder, a person's word. Out: plain facts of what was cancelled and closed, and why the rest was not.
Neighbours: `execution.stopping` does it; the desk writes the card, and follows what was halted.
"""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from quorum.bootstrap.emergency.card import write_card
from quorum.domain import Halt, Scope, Severity, SystemClock, UsageError, WorkspaceError

__all__ = ["cancel_everywhere", "close_everywhere", "follow_apart", "halt_trading", "write_card"]

DEADLINE = 30.0


def halt_trading(
    given: Path | None,
    halted: tuple[Scope, str],
    word: tuple[str, str],
    deadline: float = DEADLINE,
    follow: bool = True,
) -> dict[str, Any]:
    """Halt the desk or an account (BLACK), a strategy or a symbol (RED), and cancel the open orders that it stops.

    `word` is who says it, and why; with `follow` the desk's own part is begun in a process of its own. UsageError
    without a reason, and for an account that is not there. Where neither file nor store keeps it, `failed` says so.
    """
    from quorum.bootstrap.emergency.acts import Emergency, cancel_stopped, file_halt, keep_halt, record_halt
    from quorum.bootstrap.emergency.place import find_home

    home = find_home(given)
    asked = _halt(*halted, word)
    try:
        emergency = Emergency(home, deadline)
        reached = emergency.accounts(asked.of if asked.scope is Scope.ACCOUNT else None)
        emergency.ready()
        emergency.prepare(reached)
    except WorkspaceError as error:  # without a card the halt stands all the same, which is what counts
        record_halt(home, asked)
        if follow:
            follow_apart(home)
        return {**_told(asked), **_nothing(), "notes": [f"no order was looked at: {error}"]}
    if unfiled := file_halt(emergency, asked):
        keep_halt(emergency, asked, unfiled)
    cancel_stopped(emergency, asked, reached)
    if not unfiled:
        keep_halt(emergency, asked)
    if follow:
        follow_apart(home)
    return {**_told(asked), **emergency.done.told()}


def cancel_everywhere(given: Path | None, account: str | None, deadline: float = DEADLINE) -> dict[str, Any]:
    """Cancel every open order of an account, or of all, whoever placed it; nothing is halted by it."""
    from quorum.bootstrap.emergency.acts import Emergency, cancel_everything
    from quorum.bootstrap.emergency.place import find_home

    emergency = Emergency(find_home(given), deadline)
    emergency.accounts(account)
    emergency.ready()
    cancel_everything(emergency, account)
    return emergency.done.told()


def close_everywhere(
    given: Path | None,
    account: str | None,
    word: tuple[str, str],
    width: Decimal,
    deadline: float = DEADLINE,
    follow: bool = True,
) -> dict[str, Any]:
    """Halt the desk, or an account, then cancel its orders and close its positions at the market.

    An order fills no worse than `width` (a fraction) from the last price known.
    """
    from quorum.bootstrap.emergency.acts import Emergency, file_halt, keep_halt, record_halt
    from quorum.bootstrap.emergency.closing import close_everything
    from quorum.bootstrap.emergency.place import find_home
    from quorum.execution.stopping.cancelling import ALL

    home = find_home(given)
    if not 0 < width < 1:
        raise UsageError(f"a collar of {width:%} makes no sense", "give basis points between 1 and 9999")
    asked = _halt(Scope.DESK if account is None else Scope.ACCOUNT, account or "", word)
    try:
        emergency = Emergency(home, deadline)
    except WorkspaceError as error:  # without a card nothing can be closed, and nothing shall open
        record_halt(home, asked)
        if follow:
            follow_apart(home)
        why = f"nothing is closed: {error}"
        return {**_told(asked), **_nothing(), "failed": [{"account": ALL, "what": ALL, "why": why}]}
    emergency.accounts(account)
    unfiled = file_halt(emergency, asked)
    emergency.ready()
    keep_halt(emergency, asked, unfiled)
    close_everything(emergency, account, f"{asked.by}: {asked.reason}", width)
    if follow:
        follow_apart(home)
    return {**_told(asked), **emergency.done.told()}


def _halt(scope: Scope, of: str, word: tuple[str, str]) -> Halt:
    by, reason = (text.strip() for text in word)
    if not by or not reason:
        raise UsageError("a halt needs somebody and a reason", "say why with --reason TEXT")
    severity = Severity.RED if scope in (Scope.STRATEGY, Scope.SYMBOL) else Severity.BLACK
    return Halt(scope, of, severity, reason, by, SystemClock().now())


def _told(asked: Halt) -> dict[str, Any]:
    return {"halted": asked.name, "severity": asked.severity.name, "reason": asked.reason, "by": asked.by}


def _nothing() -> dict[str, Any]:
    return {"cancelled": [], "closed": [], "failed": [], "seconds": 0.0, "notes": []}


def follow_apart(home: Path) -> None:
    """Start the desk's own part in another process, which nobody waits for: the state, the strategies, the people."""
    command = [sys.executable, "-m", "quorum", "follow-halts", "--home", str(home)]
    nowhere = subprocess.DEVNULL
    subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True)
