"""A search: parameters chosen one after the other by what the earlier ones came to, every one of them a trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from quorum.domain import QuorumError, UsageError
from quorum.engine.ports import Trials
from quorum.engine.sweeps.grid import Combination, named
from quorum.engine.sweeps.ledger import Ledger, Sweep
from quorum.engine.sweeps.workbench import Outcome, Workbench
from quorum.engine.terms import Terms
from quorum.lake import Bars, Panel
from quorum.signals import AnyStrategy, Number, Parameter
from quorum.stats.performance import growth, sharpe

if TYPE_CHECKING:
    import optuna

MOST_TRIES = 10_000


def search(
    bars: Bars | Panel,
    strategy: AnyStrategy,
    terms: Terms,
    trials: Trials | None,
    tries: int,
    seed: int = 0,
) -> Sweep:
    """`tries` different combinations, chosen for a high Sharpe ratio within each parameter's search values (its
    bounds where it names none), as a Sweep of those that were tried.

    The same seed chooses the same ones. A combination that the strategy does not take is not counted. UsageError
    for less than one try or more than 10,000, and when no combination fits. The sampler is Optuna's tree-structured
    Parzen estimator (Bergstra et al. 2011).
    """
    import optuna

    if not 0 < tries <= MOST_TRIES:
        raise UsageError(f"a search of {tries:,} tries", f"give 1 to {MOST_TRIES:,}")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    bench = Workbench(bars, strategy, terms)
    found: dict[tuple[Number, ...], tuple[Combination, Outcome]] = {}
    try:
        _try_on(study, bench, found, tries)
    finally:
        swept = _counted(bench, list(found.values()), trials) if found else None
    if swept is None:
        raise UsageError(f"{strategy.name}: no combination of {4 * tries} fits these bars", "choose a longer period")
    return swept


def _try_on(
    study: optuna.Study, bench: Workbench, found: dict[tuple[Number, ...], tuple[Combination, Outcome]], tries: int
) -> None:
    """Ask the study for combinations until `tries` different ones are found, or four times as many were asked for."""
    import optuna

    equity = np.empty(len(bench.bars))
    for _ in range(4 * tries):
        if len(found) == tries:
            return
        asked = study.ask()
        chosen = {p.name: _suggest(asked, p) for p in bench.strategy.parameters}
        try:
            read = named(bench.bars, bench.strategy, chosen)
        except QuorumError:
            study.tell(asked, state=optuna.trial.TrialState.FAIL)
            continue
        key = tuple(read.values())
        if key not in found:
            found[key] = (read, bench.try_out(read, equity))
        ratio = sharpe(growth(found[key][1].levels, bench.terms.starting_equity), bench.periods)
        study.tell(asked, ratio if np.isfinite(ratio) else -1e9)


def _suggest(asked: optuna.Trial, parameter: Parameter) -> Number:
    low, high = (parameter.search[0], parameter.search[-1]) if parameter.search else (parameter.default,) * 2
    if isinstance(parameter.default, int):
        return int(asked.suggest_int(parameter.name, int(low), int(high)))
    return float(asked.suggest_float(parameter.name, float(low), float(high)))


def _counted(bench: Workbench, tried: Sequence[tuple[Combination, Outcome]], trials: Trials | None) -> Sweep:
    ledger = Ledger(bench, trials, tuple(read for read, _ in tried))
    missing = ledger.missing
    for i in missing:
        ledger.keep(i, tried[i][1])
    ledger.commit()
    return ledger.sweep(len(tried) - len(missing))
