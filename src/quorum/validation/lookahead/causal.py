"""Does the past stay what it was? Cut the market off, give it another future, let it grow bar by bar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import monotonic

import numpy as np

from quorum.domain import QuorumError
from quorum.validation.lookahead.answers import Answers, Data, Difference, Subject, differences
from quorum.validation.lookahead.cuts import choose_cuts, every_other, other_futures
from quorum.validation.lookahead.effort import Ledger
from quorum.validation.lookahead.verdict import Check, Finding


def truncate(subject: Subject, full: Answers, cuts: Sequence[int], ledger: Ledger) -> int:
    """Compare the rows of each cut market with the whole's; how many cuts the time sufficed for."""
    worst: dict[str, list[tuple[int, Difference]]] = {}
    done = 0
    for cut in _while_time(cuts, ledger):
        part = answered(subject, subject.data.slice(0, cut), ledger, f"cut off after {cut} bars")
        if part is None:
            break
        done += 1
        for found in differences(full, part, cut):
            worst.setdefault(found.column, []).append((cut, found))
    ledger.runs[Check.TRUNCATION] += done
    for column, shown in worst.items():
        cut, found = min(shown, key=lambda pair: pair[1].row)
        reach = max(c - f.row for c, f in shown)
        detail = (
            f"is {found.one:g} with the bars after row {cut - 1} and {found.other:g} without them; shows at "
            f"{len(shown)} of {done} cuts, sees at least {reach} bar{'s' if reach > 1 else ''} ahead"
        )
        ledger.leak(subject.finding(Check.TRUNCATION, detail, column, found.row))
    return done


def truncate_everywhere(subject: Subject, full: Answers, taken: Sequence[int], ledger: Ledger) -> None:
    """The other cuts, until a leak shows or the time for them is over."""
    end = monotonic() + min(ledger.effort.every, ledger.left())
    rest = every_other(taken, len(subject.data), subject.warmup, len(taken))
    for first in range(0, len(rest), 16):
        if ledger.leaks or monotonic() > end:
            return
        truncate(subject, full, rest[first : first + 16], ledger)


def pin_down(subject: Subject, full: Answers, ledger: Ledger) -> None:
    """Where a leak was found, look for an earlier row: cut after every bar from the first one on."""
    end = monotonic() + min(ledger.effort.every, ledger.left())
    found = {key: leak for key, leak in ledger.leaks.items() if key[:2] == (Check.TRUNCATION, subject.market)}
    before = max((leak.row or 0 for leak in found.values()), default=0)
    for cut in range(max(1, subject.warmup), before + 1):
        if monotonic() > end:
            return
        part = answered(subject, subject.data.slice(0, cut), ledger, f"cut off after {cut} bars")
        if part is None:
            return
        for earlier in differences(full, part, cut):
            key = (Check.TRUNCATION, subject.market, earlier.column)
            detail = (
                found[key].detail if key in found else f"is {earlier.one:g}, without the later bars {earlier.other:g}"
            )
            ledger.leak(subject.finding(Check.TRUNCATION, detail, earlier.column, earlier.row))


def scramble(subject: Subject, full: Answers, cuts: Sequence[int], ledger: Ledger, seed: int) -> None:
    """Replace what comes after each cut; the rows before it have to stay."""
    rng = np.random.default_rng([seed, len(subject.data)])
    for cut in _while_time(cuts, ledger):
        for future in other_futures(subject.data, cut, rng):
            try:
                part = subject.answer(future.data)
            except QuorumError as error:
                where = f"fails when the bars from row {cut} on are {future.kind}: {error}"
                ledger.suspect(Finding(Check.SCRAMBLE, subject.market, where))
                continue
            ledger.runs[Check.SCRAMBLE] += 1
            for found in differences(full, part, cut):
                kinds = f"{found.one:g} before the real future and {found.other:g} before {future.kind}"
                detail = f"is {kinds} from row {cut} on"
                ledger.leak(subject.finding(Check.SCRAMBLE, detail, found.column, found.row))


def grow(subject: Subject, cuts: Sequence[int], ledger: Ledger) -> None:
    """Let the market grow bar by bar from each cut on; a row that was published must not change any more."""
    for cut in _while_time(cuts, ledger):
        last = min(len(subject.data), cut + ledger.effort.growth)
        before: Answers | None = None
        for end in range(cut, last + 1):
            now = answered(subject, subject.data.slice(0, end), ledger, f"cut off after {end} bars")
            if now is None:
                return
            if before is not None:
                ledger.runs[Check.REPAINT] += 1
                _note_repaint(subject, before, now, end, ledger)
            before = now


def answered(subject: Subject, data: Data, ledger: Ledger, how: str) -> Answers | None:
    """The answer, or None after noting that there is none."""
    try:
        return subject.answer(data)
    except QuorumError as error:
        ledger.flaw(Finding(Check.SMOKE, subject.market, f"{error} ({how})"))
        return None


def cuts_of(subject: Subject, full: Answers, seed: int, count: int) -> list[int]:
    """The cuts of a market, those that show most first."""
    return choose_cuts(subject.data, full, subject.warmup, seed, count)


def _note_repaint(subject: Subject, before: Answers, now: Answers, end: int, ledger: Ledger) -> None:
    for found in differences(before, now, end - 1):
        detail = f"was published as {found.one:g} and became {found.other:g} when the bar of row {end - 1} came"
        ledger.leak(subject.finding(Check.REPAINT, detail, found.column, found.row))


def _while_time(cuts: Sequence[int], ledger: Ledger) -> Iterator[int]:
    for cut in cuts:
        if ledger.left() <= 0:
            return
        yield cut
