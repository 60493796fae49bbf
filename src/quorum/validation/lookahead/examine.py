"""An examination: all checks in order, within the time that it may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic

from quorum.domain import DataError, QuorumError, UsageError
from quorum.lake import Panel
from quorum.signals import AnyStrategy, guard, is_portfolio, read_params
from quorum.validation.lookahead import causal, sound, starts, trading
from quorum.validation.lookahead.answers import Answers, Data, Subject
from quorum.validation.lookahead.effort import Effort, Ledger
from quorum.validation.lookahead.markets import markets_for
from quorum.validation.lookahead.verdict import Check, Examination, Finding, Unfit

LEAST_CUTS, LEAST_AFTER_WARMUP = 20, 60
_SLOW, _SHORTEST = 0.15, 500


def examine(
    strategy: AnyStrategy,
    data: Sequence[Data] | None = None,
    params: Mapping[str, object] | None = None,
    seed: int = 0,
    effort: Effort | None = None,
    heard: Sequence[sound.Heard] = (),
) -> Examination:
    """Look for look-ahead, repainting and whatever else makes a strategy unfit, on `data` or on made-up markets.

    The same seed makes the same markets, cuts and futures. `heard` is the `witness` of another process; no more bars
    are looked at than it was asked about. Ends soon after `effort.seconds`, unless the strategy itself does not come
    back. UsageError for parameters out of bounds or another number of symbols than the strategy takes, DataError for
    data with too few bars or of the wrong kind.
    """
    subjects = _as_heard(_subjects(strategy, data, params, seed), heard)
    fresh = sound.fresh_copies(subjects)
    # compilers run now, before the time begins
    _seconds(subjects[0])
    ledger = Ledger(effort or Effort())
    subjects = _shorter(subjects, ledger)
    fresh = [f._replace(data=s.data) for f, s in zip(fresh, subjects, strict=True)]
    answers = sound.first_answers(subjects, ledger)
    if len(answers) == len(subjects):
        sound.repeat(subjects, fresh, answers, ledger, seed)
        sound.compare_witness(subjects, answers, heard, ledger)
    if not ledger.flaws:
        _look_ahead(subjects, answers, ledger, seed)
        _look_around(subjects, answers, ledger, seed)
    first = subjects[0]
    markets = tuple(f"{s.market}, {len(s.data)} bars" for s in subjects)
    return Examination(
        first.strategy.name,
        first.params,
        markets,
        ledger.verdict(),
        tuple(ledger.suspicions.values()),
        dict(ledger.runs),
        tuple(ledger.skipped),
    )


def witness(
    strategy: AnyStrategy, data: Sequence[Data] | None, params: Mapping[str, object] | None, seed: int
) -> list[sound.Heard]:
    """What this process says on the markets of an examination, to be heard in that of another process."""
    subjects = _subjects(strategy, data, params, seed)
    # nothing is asked before these: a strategy that keeps something between calls shall be heard fresh
    heard = sound.digests(subjects)
    shorter = _shorter(subjects, Ledger(Effort()))
    return heard if len(shorter[0].data) == len(subjects[0].data) else sound.digests(shorter)


def undecided(strategy: str, params: Mapping[str, object], reason: str) -> Examination:
    """The examination of a strategy that did not come back, or took its process with it."""
    given = {name: value for name, value in params.items() if isinstance(value, int | float)}
    return Examination(strategy, given, (), Unfit((Finding(Check.SMOKE, "", reason),)), (), {})


def _subjects(
    strategy: AnyStrategy, data: Sequence[Data] | None, params: Mapping[str, object] | None, seed: int
) -> list[Subject]:
    watched = guard(strategy)
    read = read_params(watched, params or {})
    warmup = watched.warmup(read)
    markets = list(markets_for(watched, read, seed) if data is None else data)
    for market in markets:
        if isinstance(market, Panel) != is_portfolio(watched):
            needs = "a panel of several symbols" if is_portfolio(watched) else "the bars of one symbol"
            raise DataError(f"{watched.name} cannot trade {market.symbol}", f"give it {needs}")
        _count_symbols(watched, market)
        if len(market) < warmup + LEAST_AFTER_WARMUP:
            raise DataError(
                f"{market.symbol} {market.timeframe} has {len(market)} bars, the check of {watched.name} needs "
                f"{warmup + LEAST_AFTER_WARMUP}",
                "give more bars, or none for made-up markets",
            )
    return [Subject(watched, read, market, f"{market.symbol} {market.timeframe}", warmup) for market in markets]


def _count_symbols(strategy: AnyStrategy, market: Data) -> None:
    """UsageError for a panel of fewer or more symbols than a portfolio takes."""
    if not is_portfolio(strategy) or not isinstance(market, Panel):
        return
    least, most = strategy.symbols
    count = len(market.symbols)
    if count < least or (most is not None and count > most):
        wanted = f"{least}" if most == least else f"{least} or more" if most is None else f"{least} to {most}"
        raise UsageError(f"{strategy.name} takes {wanted} symbols, not {count}", "name as many, each with --symbol")


def _as_heard(subjects: list[Subject], heard: Sequence[sound.Heard]) -> list[Subject]:
    """The subjects with as many bars as another process was asked about."""
    rows = [said.bars for said in heard] or [len(s.data) for s in subjects]
    return [s._replace(data=s.data.slice(0, min(n, len(s.data)))) for s, n in zip(subjects, rows, strict=True)]


def _shorter(subjects: list[Subject], ledger: Ledger) -> list[Subject]:
    """The markets halved until one answer takes little of the time."""
    least = max(_SHORTEST, 3 * subjects[0].warmup)
    while (n := len(subjects[0].data)) > 2 * least and _seconds(subjects[0]) > _SLOW and ledger.left() > 0:
        ledger.skip(f"slow: only {n // 2} bars of each market are looked at")
        subjects = [s._replace(data=s.data.slice(0, min(n // 2, len(s.data)))) for s in subjects]
    return subjects


def _seconds(subject: Subject) -> float:
    begun = monotonic()
    try:
        subject.answer()
    except QuorumError:
        return 0.0
    return monotonic() - begun


def _look_ahead(subjects: Sequence[Subject], answers: Mapping[str, Answers], ledger: Ledger, seed: int) -> None:
    """Truncation, other futures and growth on every market; market after market, a third of the cuts at a time."""
    chosen = {s.market: causal.cuts_of(s, answers[s.market], seed, ledger.effort.cuts) for s in subjects}
    done = dict.fromkeys(chosen, 0)
    for subject in subjects:
        done[subject.market] += causal.truncate(subject, answers[subject.market], chosen[subject.market], ledger)
    for subject in subjects:
        cuts = chosen[subject.market]
        causal.scramble(subject, answers[subject.market], cuts[3 : 3 + ledger.effort.futures], ledger, seed)
        causal.grow(subject, cuts[4 : 4 + ledger.effort.repaints], ledger)
    if max(done.values()) < min(LEAST_CUTS, *(len(cuts) for cuts in chosen.values())):
        reason = f"too slow: {max(done.values())} cuts were compared in {ledger.effort.seconds:g} s"
        ledger.flaw(Finding(Check.TRUNCATION, subjects[0].market, f"{reason}, {LEAST_CUTS} are needed"))
    elif ledger.left() <= 0:
        ledger.skip("slow: the time was over before all cuts, futures and starts were compared")
    for subject in subjects:
        causal.truncate_everywhere(subject, answers[subject.market], chosen[subject.market], ledger)
        causal.pin_down(subject, answers[subject.market], ledger)


def _look_around(subjects: Sequence[Subject], answers: Mapping[str, Answers], ledger: Ledger, seed: int) -> None:
    """What is no look-ahead: two forms that agree, a warm-up that suffices, no dates by heart, trades, delay."""
    for subject in subjects:
        full = answers[subject.market]
        sound.compare_stream(subject, full, ledger)
        sound.another_time(subject, full, ledger)
    starts.start_late(subjects, answers, ledger, seed)
    trading.trade(subjects, ledger)
    trading.delay(subjects, answers, ledger)
