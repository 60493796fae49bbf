"""The demo's lab: a leak is caught, strategies stand side by side, a sweep is walked forward and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from quorum.desk import Desk
from quorum.domain import QuorumError
from quorum.engine import Backtest, Sweep, Terms, backtest, grid, sweep
from quorum.lake import Bars, Panel
from quorum.signals import AnyStrategy, Number, from_batch, is_portfolio, strategies
from quorum.surfaces.demo.market import LAB_SYMBOLS, LAB_TIMEFRAME
from quorum.surfaces.report import Checked, LabStory, Proof
from quorum.validation import L2, Effort, Inconclusive, Leaks, Passed, Weight, evidence, examine, judge, walk_forward

Say = Callable[[str], None]

SWEPT = "demo_ma"
TERMS = Terms(sizing="weight")
EFFORT = Effort(seconds=10.0, streaming=0.5, every=0.5)


def _tomorrow(bars: Bars, params: Mapping[str, Number]) -> NDArray[np.float64]:
    """Hold the bars that will close higher: a shift by -1 where 1 was meant, the commonest leak of all."""
    return np.append(bars.close[1:] > bars.close[:-1], False).astype(np.float64)


TOMORROW = from_batch("tomorrow", _tomorrow, warmup=2)


def run_lab(desk: Desk, say: Say) -> LabStory:
    """Everything that the lab does, on the four coins whose bars cover three years; every result is a trial."""
    coins = [desk.lake.bars(symbol, LAB_TIMEFRAME) for symbol in LAB_SYMBOLS]
    named = strategies(desk.settings.consensus.consensus.rules())
    checked = tuple(_checked(desk, coins[0], strategy, say) for strategy in (named[SWEPT], TOMORROW))
    tests, left_out = _side_by_side(desk, coins, named, say)
    tried = sweep(coins[0], named[SWEPT], grid(named[SWEPT]), TERMS, desk.trials)
    best = float(tried.sharpe[tried.best()])
    say(f"  {len(tried)} combinations of {SWEPT}, each a trial: the best has a Sharpe ratio of {best:.2f}")
    return LabStory(checked, tests, left_out, tried, _proved(desk, tried, named[SWEPT], say))


def _checked(desk: Desk, bars: Bars, strategy: AnyStrategy, say: Say) -> Checked:
    found = Checked(examine(strategy, [bars], effort=EFFORT), _tested(desk, bars, strategy))
    verdict = found.examination.verdict
    sharpe = found.test.performance.sharpe
    if isinstance(verdict, Leaks):
        first = verdict.first
        say(
            f"  {strategy.name}, a Sharpe ratio of {sharpe:.1f}: leaks, column {first.column}, first at row {first.row}"
        )
    else:
        say(f"  {strategy.name}, a Sharpe ratio of {sharpe:.1f}: {type(verdict).__name__.lower()}")
    return found


def _tested(desk: Desk, data: Bars | Panel, strategy: AnyStrategy) -> Backtest:
    return backtest(data, strategy, {}, TERMS, desk.trials)


def _side_by_side(
    desk: Desk, coins: Sequence[Bars], named: Mapping[str, AnyStrategy], say: Say
) -> tuple[tuple[Backtest, ...], Mapping[str, str]]:
    """Every strategy at its defaults, on the first coin or on as many as it takes; the others with the reason."""
    tests: list[Backtest] = []
    left_out: dict[str, str] = {}
    for name, strategy in named.items():
        try:
            tests.append(_tested(desk, _data(coins, strategy), strategy))
        except QuorumError as error:
            left_out[name] = str(error)
    leader = max(tests, key=lambda test: np.nan_to_num(test.performance.sharpe, nan=-np.inf))
    number = leader.performance
    say(
        f"  {len(tests)} strategies side by side: {leader.strategy} leads, {number.sharpe:.2f} ± {number.sharpe_se:.2f}"
    )
    return tuple(tests), left_out


def _data(coins: Sequence[Bars], strategy: AnyStrategy) -> Bars | Panel:
    return Panel.of(coins[: strategy.symbols[1]]) if is_portfolio(strategy) else coins[0]


def _proved(desk: Desk, tried: Sweep, strategy: AnyStrategy, say: Say) -> Proof | Inconclusive:
    forward = walk_forward(tried, strategy)
    if isinstance(forward, Inconclusive):
        say(f"  no walk forward: {forward}")
        return forward
    dossier = evidence(tried, forward, desk.trials)
    judgement = judge(dossier.evidence.metrics(), L2)
    held = [isinstance(row.outcome, Passed) for row in judgement.rows if row.gate.weight is Weight.GATE]
    walk = forward.walk
    say(f"  walked forward: {walk.train_sharpe:.2f} where it was chosen, {walk.sharpe:.2f} in the days that followed")
    say(f"  {sum(held)} of {len(held)} gates hold: {type(judgement.verdict).__name__.lower()}")
    return Proof(forward, dossier.evidence, judgement)


def verdict_of(story: LabStory) -> str:
    """How the walk forward was judged: passed, failed or inconclusive."""
    proof = story.proof
    return type(proof if isinstance(proof, Inconclusive) else proof.judgement.verdict).__name__.lower()


def caught(story: LabStory) -> Iterator[str]:
    """The strategies in which a leak was found."""
    return (c.examination.strategy for c in story.checked if isinstance(c.examination.verdict, Leaks))
