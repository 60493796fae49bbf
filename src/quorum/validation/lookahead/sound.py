"""Is the answer one? The same bars give the same answer, whatever ran before, in both forms, and stay as they were."""

from __future__ import annotations

import copy
import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any, NamedTuple

import numpy as np

from quorum.domain import DAY, QuorumError, parse_instant
from quorum.lake import Panel
from quorum.signals import Target
from quorum.validation.lookahead.answers import Answers, Data, Subject, differences, far_apart, moved, shared_answer
from quorum.validation.lookahead.causal import answered, truncate
from quorum.validation.lookahead.effort import Ledger
from quorum.validation.lookahead.verdict import Check, Finding

# after 56 years every date falls on the same weekday, leap years return, and even weeks are even weeks
CYCLE = (56 * 365 + 14) * DAY
_FROM, _TO = parse_instant("2008-01-01T00:00:00Z"), parse_instant("2043-01-01T00:00:00Z")


class Heard(NamedTuple):
    """What a process heard on one market: of how many bars, and the hash of the answer or the error."""

    bars: int
    answer: str


def first_answers(subjects: Sequence[Subject], ledger: Ledger) -> dict[str, Answers]:
    """The answer on each market; a flaw, and none for it, where it fails or writes into the bars."""
    answers = {}
    for subject in subjects:
        kept = {name: column.copy() for name, column in subject.data.columns().items()}
        found = answered(subject, subject.data, ledger, f"all {len(subject.data)} bars")
        ledger.runs[Check.SMOKE] += 1
        if found is not None and not _written(subject, kept, ledger):
            answers[subject.market] = found
    return answers


def repeat(
    subjects: Sequence[Subject], fresh: Sequence[Subject], answers: Mapping[str, Answers], ledger: Ledger, seed: int
) -> None:
    """Ask again, twice, with other global random numbers; and ask a copy that has seen nothing in another order."""
    twice = [subject for subject in subjects for _ in range(2)]
    for rest, what in ((twice, "asked again"), (list(reversed(fresh)), "asked in another order")):
        for subject in rest:
            with _reseeded(seed + len(what)):
                again = answered(subject, subject.data, ledger, what)
            if again is None:
                return
            ledger.runs[Check.DETERMINISM] += 1
            for found in differences(answers[subject.market], again, len(again)):
                detail = f"is {found.one:g}, and {found.other:g} when {what}; {found.rows} rows differ"
                ledger.flaw(subject.finding(Check.DETERMINISM, detail, found.column, found.row))


def digests(subjects: Sequence[Subject]) -> list[Heard]:
    """A hash of the answer on each market, asked in the opposite order: what another process has to say."""
    return [Heard(len(subject.data), _heard(subject)) for subject in reversed(subjects)][::-1]


def _heard(subject: Subject) -> str:
    try:
        return _digest(subject.answer())
    except QuorumError as error:
        return str(error)


def compare_witness(
    subjects: Sequence[Subject], answers: Mapping[str, Answers], heard: Sequence[Heard], ledger: Ledger
) -> None:
    """The answers against those of another process, where it was asked about as many bars."""
    for subject, other in zip(subjects, heard, strict=False):
        if other.bars != len(subject.data):
            ledger.skip(f"slow: a fresh process was asked about {other.bars} bars of {subject.market}")
            continue
        ledger.runs[Check.DETERMINISM] += 1
        if _digest(answers[subject.market]) != other.answer:
            detail = "a fresh process that asks in another order gets another answer: something is kept between calls"
            ledger.flaw(Finding(Check.DETERMINISM, subject.market, detail))


def another_time(subject: Subject, full: Answers, ledger: Ledger) -> None:
    """The same bars 56 years later, on the same weekdays: a rule that answers otherwise knows dates by heart."""
    if not _FROM <= int(subject.data.time[0]) <= int(subject.data.time[-1]) < _TO:
        ledger.skip(f"{Check.CALENDAR}: {subject.market} is not within 2008..2042")
        return
    try:
        later = subject.answer(moved(subject.data, CYCLE))
    except QuorumError as error:
        ledger.skip(f"{Check.CALENDAR}: {subject.market} 56 years later fails: {error}")
        return
    ledger.runs[Check.CALENDAR] += 1
    for found in differences(full, later, len(full)):
        detail = (
            f"is {found.one:g}, and {found.other:g} with the same bars 56 years later: it knows dates by heart, "
            "and whether it knew them in time cannot be tested"
        )
        ledger.flaw(subject.finding(Check.CALENDAR, detail, found.column, found.row))


def _written(
    subject: Subject, kept: Mapping[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]], ledger: Ledger
) -> bool:
    changed = False
    for name, column in subject.data.columns().items():
        now, before = column.reshape(len(column), -1), kept[name].reshape(len(column), -1)
        rows = np.flatnonzero(((now != before) & ~(np.isnan(now) & np.isnan(before))).any(axis=1))
        if len(rows):
            row = int(rows[0])
            detail = f"the strategy writes into the bars: {len(rows)} rows of {name} are not what they were"
            ledger.flaw(Finding(Check.SMOKE, subject.market, detail, name, row, int(kept["time"][row])))
            changed = True
    return changed


def fresh_copies(subjects: Sequence[Subject]) -> list[Subject]:
    """The subjects with a copy of the strategy, or with itself where it cannot be copied."""
    try:
        strategy = copy.deepcopy(subjects[0].strategy)
    except TypeError:
        return list(subjects)
    return [s._replace(strategy=strategy) for s in subjects]


def _digest(answers: Answers) -> str:
    digest = hashlib.sha256()
    for name, column in answers.columns.items():
        digest.update(name.encode() + np.where(np.isnan(column), np.nan, column).tobytes())
    return digest.hexdigest()


@contextmanager
def _reseeded(seed: int) -> Iterator[None]:
    """Other global random numbers for the block, the old ones after it."""
    ours, theirs = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(ours)
        np.random.set_state(theirs)


def compare_stream(subject: Subject, full: Answers, ledger: Ledger) -> None:
    """`step` over the rows against `batch`, and a start that was shown no bar against one that was shown all."""
    _compare_shared(subject, full, ledger)
    seconds = min(ledger.effort.streaming, max(0.0, ledger.left()))
    blind = _stream(subject, subject.data.slice(0, 0), seconds, ledger)
    if blind is None:
        return
    ledger.runs[Check.STREAM] += len(blind)
    for found in differences(full, blind, len(blind)):
        detail = f"batch says {found.one:g} and step says {found.other:g}; {found.rows} of {len(blind)} rows differ"
        ledger.flaw(subject.finding(Check.STREAM, detail, found.column, found.row))
        # where the step, which sees no future, says something else, a cut tells whether the batch saw it
        apart = np.flatnonzero(far_apart(full.columns[found.column][: len(blind)], blind.columns[found.column]))
        truncate(subject, full, (apart[:8] + 1).tolist(), ledger)
    seeing = _stream(subject, subject.data, seconds / 2, ledger)
    if seeing is None:
        return
    for found in differences(blind, seeing, min(len(blind), len(seeing))):
        detail = f"is {found.one:g}, and {found.other:g} when start was given the bars to come: start reads them"
        ledger.leak(subject.finding(Check.STREAM, detail, found.column, found.row))


def _compare_shared(subject: Subject, full: Answers, ledger: Ledger) -> None:
    """`over`, which a backtest prefers where a strategy has it, against `batch`."""
    if isinstance(subject.data, Panel):
        return
    try:
        shared = shared_answer(subject.strategy, subject.data, subject.params)
    except QuorumError as error:
        ledger.flaw(Finding(Check.STREAM, subject.market, str(error)))
        return
    for found in [] if shared is None else differences(full, shared, len(full)):
        detail = f"batch says {found.one:g} and over says {found.other:g}; {found.rows} rows differ"
        ledger.flaw(subject.finding(Check.STREAM, detail, found.column, found.row))


def _stream(subject: Subject, shown: Data, seconds: float, ledger: Ledger) -> Answers | None:
    """What `step` answers on the first rows, as many as the time allows; None after noting that it fails."""
    end, said = monotonic() + seconds, []
    step: Any = subject.strategy.step
    try:
        state = subject.strategy.start(shown, subject.params)  # type: ignore[arg-type]
        for i, row in enumerate(subject.data.rows()):
            if i % 32 == 0 and monotonic() > end:
                break
            state, wish = step(state, row)
            said.append(_plain(wish, subject.data))
    except QuorumError as error:
        ledger.flaw(Finding(Check.STREAM, subject.market, str(error)))
        return None
    names = _names(subject.data)
    rows = np.array(said, dtype=np.float64).reshape(len(said), len(names))
    return Answers({name: np.ascontiguousarray(rows[:, j]) for j, name in enumerate(names)})


def _plain(wish: Any, data: Data) -> Any:
    if isinstance(data, Panel):
        return np.full(len(data.symbols), np.nan) if wish is None else wish
    target: Target = wish
    return (target.weight, *target.exit)


def _names(data: Data) -> list[str]:
    if isinstance(data, Panel):
        return [f"weight[{symbol}]" for symbol in data.symbols]
    return ["weight", "stop", "target", "trail"]
