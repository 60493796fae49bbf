"""What a fall does: each breaker once for a fall, on record, and nothing again until a person has resumed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from desk.markets import ENTRY
from desk.offices import ask, at_work
from quorum.desk import Desk, replay
from quorum.desk.guarding import Watched, watch_book
from quorum.domain import HOUR, DecisionKind, Scope, Severity, VirtualClock
from quorum.risk import RAISED_BY

LADDERS = {
    "calm": (0.2, 0.2, 0.3, 0.4),
    "halve": (0.005, 0.3, 0.4, 0.5),
    "no_entries": (0.003, 0.005, 0.4, 0.5),
    "black": (0.003, 0.004, 0.005, 0.5),
    "close_all": (0.002, 0.003, 0.004, 0.005),
}


def limited(home: Path, ladder: str) -> Desk:
    """A desk whose breakers stand at these falls."""
    names = ("halve_at", "no_entries_at", "black_at", "close_all_at")
    lines = "".join(f"    {name}: {at}\n" for name, at in zip(names, LADDERS[ladder], strict=True))
    (home / "config" / "risk.yaml").write_text(f"books:\n  crypto:\n{lines}  equities: {{}}\n", encoding="utf-8")
    return at_work(home)


def look(desk: Desk, hours: int) -> Watched:
    return watch_book(desk, "paper", VirtualClock(ENTRY + hours * HOUR))


def held(desk: Desk, symbol: str = "CRASHUSDT") -> Decimal:
    with desk.accounts.transaction("paper") as transaction:
        return transaction.book().quantity(symbol)


@pytest.mark.parametrize(
    ("ladder", "left", "scope"),
    [
        ("calm", 1, None),
        ("halve", 1, None),
        ("no_entries", 1, Scope.ACCOUNT),
        ("black", Decimal("0.5"), Scope.DESK),
        ("close_all", 0, Scope.DESK),
    ],
)
def test_a_fall_does_what_its_breaker_says_and_once(home: Path, ladder: str, left: Decimal, scope: Scope) -> None:
    desk = limited(home, ladder)
    ask(desk, "CRASHUSDT")
    bought = held(desk)
    assert look(desk, 2).done is None
    first = look(desk, 4)
    after = held(desk)
    assert abs(after - bought * Decimal(left)) <= Decimal("0.00001")
    assert [(halt.scope, halt.by) for halt in desk.halts.standing()] == ([] if scope is None else [(scope, RAISED_BY)])
    again = look(desk, 5)
    assert (again.done, held(desk)) == (None, after)
    assert again.breaker.at == first.breaker.at
    acted = [d.choice.outcome.get("breaker") for d in desk.decisions.recent(50, DecisionKind.HALT, "paper")]
    asked = [at for at in acted if at is not None]
    assert len(asked) == len(set(asked))
    assert (str(LADDERS[ladder][list(LADDERS).index(ladder) - 1]) in asked) is (ladder != "calm")


def test_a_black_breaker_is_told_halts_the_desk_and_its_closing_replays(home: Path) -> None:
    desk = limited(home, "black")
    ask(desk, "CRASHUSDT")
    done = look(desk, 4).done
    assert done is not None
    (closed,) = done["closed"]
    order = desk.orders.get(closed)
    assert order.status.value == "filled"
    assert replay(desk, closed).verdict == "identical"
    (halt,) = desk.halts.standing()
    assert (halt.severity, halt.reason.startswith("account paper has fallen")) == (Severity.BLACK, True)
    told = {told.notice.occurrence.event.value for told in desk.outbox.listed()}
    assert "drawdown_warning" in told


def test_what_stops_entries_vetoes_them_until_a_person_resumes_and_then_a_new_peak_begins(home: Path) -> None:
    desk = limited(home, "no_entries")
    ask(desk, "CRASHUSDT")
    look(desk, 4)
    vetoed = ask(desk, "FLATUSDT", 4)
    assert vetoed.order is None
    reasons = " ".join(vetoed.risk["reasons"]) if vetoed.risk else vetoed.reason
    assert "(drawdown)" in reasons
    assert "(halt)" in reasons
    for halt in desk.halts.standing():
        desk.halts.lift(halt, "Ann", "looked at it")
    after = look(desk, 5)
    assert (after.breaker.at, after.around.deepest) == (0, 0)
    assert after.around.peak_equity == after.book.equity
