"""The files of the tiers: every key has an effect that is seen here, and what is wrong is refused at its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from desk.deploying.test_assessment import PLACE, beside, replace_days, subject
from desk.keys import keys
from quorum.desk.deploying import Neighbour, RiskTerms, assess_deployment
from quorum.desk.settings.tiers import (
    FILES,
    PORTFOLIO_FILE,
    PROTOCOL_FILE,
    THRESHOLDS_FILE,
    TIERS_FILE,
    PortfolioFile,
    ProtocolFile,
    ThresholdsFile,
    TiersFile,
    read_deployed,
    read_ladder,
    read_portfolio,
)
from quorum.domain import ConfigError
from quorum.engine.fakes import MemoryTrials
from quorum.lake import Bars
from quorum.lake.fakes import MemoryLake
from quorum.validation.gates import judge
from quorum.validation.ladder import LADDER, Asked, Tier, TierResult, check_tier
from quorum.validation.ladder.judging import verdict_of
from quorum.validation.ladder.portfolio import PortfolioTerms, judge_portfolio
from validation.ladder.grounds import H8, follower, swings, without
from validation.ladder.test_portfolio import earning

Look = Callable[[Path], object]
MOST = 300
MODELS = {
    TIERS_FILE: TiersFile,
    THRESHOLDS_FILE: ThresholdsFile,
    PORTFOLIO_FILE: PortfolioFile,
    PROTOCOL_FILE: ProtocolFile,
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path


def put(config: Path, file: str, key: str, value: Any) -> None:
    """Write one dotted key into an otherwise default file."""
    yaml = YAML()
    node: Any = value
    for step in reversed(key.split(".")):
        node = {step: node}
    with (config / file).open("w", encoding="utf-8") as stream:
        yaml.dump(node, stream)


def checked(config: Path, tier: Tier, bars: tuple[Bars, ...] = (), **asked: Any) -> TierResult:
    """A check by the files of `config`, with no more than `MOST` draws of a kind."""
    ladder = read_ladder(config)
    drawn = ladder.method.draws
    fewer = drawn._replace(paths=min(drawn.paths, MOST), resamples=min(drawn.resamples, MOST))
    ladder = replace(ladder, method=replace(ladder.method, draws=fewer))
    series = bars or (swings(4),)
    question = Asked(follower(), tuple(b.symbol for b in series), H8, **asked)
    return check_tier(ladder, tier, question, MemoryLake(*series), MemoryTrials())


def outcomes(tier: Tier, **metrics: float) -> Look:
    """How the rows of a tier that ask for these metrics end."""

    def look(config: Path) -> object:
        gates = [gate for gate in read_ladder(config).of(tier).gates if gate.metric in metrics]
        return [(row.told()["outcome"], row.told()["marginal"]) for row in judge(metrics, gates).rows]

    return look


def result(tier: Tier, of: Callable[[TierResult], object], **asked: Any) -> Look:
    return lambda config: of(checked(config, tier, **asked))


def metric(name: str) -> Callable[[TierResult], object]:
    return lambda found: found.metrics[name]


def rung(tier: Tier, name: str) -> Look:
    """What the workers of a tier are limited by."""
    return lambda config: getattr(read_ladder(config).of(tier), name)


def row_of(tier: Tier) -> Look:
    """The only row of a tier, judged."""
    metrics = {"sharpe": 0.6, "trades": 0.6}
    return lambda config: judge(metrics, read_ladder(config).of(tier).gates).told()


def gates(tier: str, key: str, one: Any, other: Any) -> tuple[str, str, object, object, Look]:
    base = {"metric": "sharpe", "must_be": ">", "threshold": 0.7, "kind": "gate", "source": "here"}
    beside = {"metric": "trades", "must_be": ">", "threshold": 0}
    rows = ([{**base, key: value}, beside] for value in (one, other))
    whole = [{"universe": "primary", "variants": 0, "gates": gate} for gate in rows]
    return TIERS_FILE, f"tiers.{tier}.gates.{key}", *whole, row_of(Tier(tier))  # type: ignore[return-value]


def of_tier(tier: str, key: str, one: Any, other: Any, look: Look) -> tuple[str, str, object, object, Look]:
    base = {"universe": "primary", "variants": 0, "gates": [{"metric": "sharpe", "must_be": ">", "threshold": 0}]}
    return TIERS_FILE, f"tiers.{tier}.{key}", {**base, key: one}, {**base, key: other}, look


TWO = (swings(4), swings(5, symbol="ETHUSDT"))
TABLE = [
    row
    for tier in Tier
    for row in (
        of_tier(tier, "universe", "primary", "all", result(tier, lambda r: r.data["symbols"], bars=TWO)),
        of_tier(tier, "variants", 0, 2, result(tier, lambda r: r.trials)),
        gates(tier, "metric", "sharpe", "trades"),
        gates(tier, "must_be", ">", "<"),
        gates(tier, "threshold", 0.5, 0.7),
        gates(tier, "kind", "gate", "warning"),
        gates(tier, "source", "here", "there"),
        gates(tier, "marginal_until", 0.5, 0.65),
    )
]


def passes(key: str, one: float, other: float, **metrics: float) -> tuple[str, str, object, object, Look]:
    return THRESHOLDS_FILE, key, one, other, outcomes(Tier.L2, **metrics)


def scored(config: Path) -> object:
    return checked(config, Tier.L2).metrics["composite"]


THRESHOLDS = [
    passes("pass.sharpe_oos", 1.0, 0.8, oos_sharpe=0.9),
    passes("pass.calmar_oos", 0.5, 0.3, calmar=0.4),
    passes("pass.max_drawdown", 0.25, 0.35, max_drawdown=0.3),
    passes("pass.trades", 100, 80, trades=90),
    passes("pass.profit_factor", 1.3, 1.1, profit_factor=1.2),
    passes("pass.oos_is_ratio", 0.7, 0.5, oos_is=0.6),
    passes("pass.parameter_sensitivity", 0.5, 0.3, kept_at_20_percent=0.4),
    passes("pass.monte_carlo_low", 0.0, 0.5, sharpe_low=0.2),
    passes("pass.return_at_twice_costs", 0.0, 0.2, return_at_twice_costs=0.1),
    passes("pass.regimes", 3, 2, regimes=2),
    passes("fail.sharpe_oos", 0.5, 0.7, oos_sharpe=0.6),
    passes("fail.max_drawdown", 0.4, 0.28, max_drawdown=0.3),
    passes("fail.trades", 30, 60, trades=50),
    passes("fail.profit_factor", 1.0, 1.2, profit_factor=1.1),
    passes("fail.oos_is_ratio", 0.5, 0.3, oos_is=0.4),
    passes("fail.monte_carlo_high", 0.0, 1.0, sharpe_high=0.5),
    passes("composite.pass", 1.0, 0.5, composite=0.8),
    (THRESHOLDS_FILE, "composite.sharpe", 0.4, 0.8, scored),
    (THRESHOLDS_FILE, "composite.calmar", 0.3, 0.6, scored),
    (THRESHOLDS_FILE, "composite.profit_factor", 0.2, 0.4, scored),
    (THRESHOLDS_FILE, "composite.win_rate", 0.1, 0.2, scored),
]


def portfolio(count: int = 8, **changed: Any) -> Look:
    """What portfolio mode says of so many strategies, the first of them with other metrics."""
    sharpe = changed.pop("sharpe", 0.9)

    def look(config: Path) -> object:
        results = {f"STR-{k:03d}": earning(k, sharpe=sharpe, days=400) for k in range(1, count + 1)}
        first = results["STR-001"]
        results["STR-001"] = replace(first, metrics={**first.metrics, **changed})
        return judge_portfolio(results, read_portfolio(config)).told()

    return look


PORTFOLIO = [
    (PORTFOLIO_FILE, "each.sharpe_oos", 0.6, 0.4, portfolio(oos_sharpe=0.5)),
    (PORTFOLIO_FILE, "each.max_drawdown", 0.4, 0.5, portfolio(max_drawdown=0.45)),
    (PORTFOLIO_FILE, "each.trades", 50, 30, portfolio(trades=40.0)),
    (PORTFOLIO_FILE, "each.profit_factor", 1.1, 1.0, portfolio(profit_factor=1.05)),
    (PORTFOLIO_FILE, "each.oos_is_ratio", 0.5, 0.3, portfolio(oos_is=0.4)),
    (PORTFOLIO_FILE, "portfolio.sharpe", 1.5, 9.0, portfolio()),
    (PORTFOLIO_FILE, "portfolio.max_drawdown", 0.25, 0.001, portfolio()),
    (PORTFOLIO_FILE, "portfolio.max_weight", 0.30, 0.13, portfolio()),
    (PORTFOLIO_FILE, "portfolio.max_correlation", 0.7, -0.5, portfolio()),
    (PORTFOLIO_FILE, "portfolio.min_strategies", 5, 3, portfolio(4)),
    (PORTFOLIO_FILE, "portfolio.lookback_days", 90, 60, portfolio()),
    (PORTFOLIO_FILE, "portfolio.rebalance_days", 30, 90, portfolio()),
    (PORTFOLIO_FILE, "portfolio.min_days", 252, 2000, portfolio()),
]


def risked(*others: Neighbour, exposure: float = 1.0) -> Look:
    """What risk says of a strategy beside others that are deployed."""

    def look(config: Path) -> object:
        terms = RiskTerms(**read_deployed(config).model_dump())
        found = assess_deployment(subject(exposure=exposure), others, terms, PLACE)
        return found.verdict, found.allocation

    return look


ALIKE = beside(4, 0.2, likeness=0.6)
DEPLOYED = [
    (PORTFOLIO_FILE, "deployed.max_allocation", 0.30, 0.20, risked()),
    (PORTFOLIO_FILE, "deployed.max_deployed", 0.60, 0.40, risked(beside(5, 0.25))),
    (PORTFOLIO_FILE, "deployed.max_correlated", 0.30, 0.25, risked(ALIKE)),
    (PORTFOLIO_FILE, "deployed.correlated_from", 0.5, 0.69, risked(ALIKE)),
    (PORTFOLIO_FILE, "deployed.max_correlation", 0.7, 0.4, risked(ALIKE)),
    (PORTFOLIO_FILE, "deployed.min_common_days", 60, 50, risked(replace_days(beside(3), 55))),
    (PORTFOLIO_FILE, "deployed.max_leverage", 3, 2, risked(exposure=2.5)),
    (PORTFOLIO_FILE, "deployed.max_drawdown", 0.10, 0.02, risked()),
]


def days(tier: Tier) -> Look:
    return result(tier, lambda found: found.data["days"], bars=(swings(4, days=2000),))


def holed() -> tuple[Bars, ...]:
    bars = swings(4)
    return (without(bars, np.random.default_rng(0).random(len(bars)) > 0.1),)


def ended() -> tuple[Bars, ...]:
    return (swings(4, days=1250), swings(5, symbol="ETHUSDT"))


def verdict(found: TierResult) -> object:
    return found.verdict


def doubtful(config: Path) -> object:
    """The reason at L1 of a strategy whose edge before costs is below 0 with a probability of 4 % by luck."""
    ladder, metrics = read_ladder(config), {"sharpe": -1.0, "profit_factor": 0.5, "trades": 99.0, "gross_p": 0.04}
    return verdict_of(judge(metrics, ladder.of(Tier.L1).gates), metrics, ladder.method.significance)


def walked(name: str, one: int, other: int) -> tuple[str, str, object, object, Look]:
    look = result(Tier.L2, lambda found: [(w["first"], w["train_sharpe"]) for w in found.details["windows"]])
    purged = result(Tier.L2, metric("oos_sharpe"))
    return PROTOCOL_FILE, f"walk_forward.{name}", one, other, purged if name == "purge_days" else look


YEARS = list(zip(Tier, (0.5, 1, 3, 4), strict=True))
PROTOCOL = [
    (PROTOCOL_FILE, "tiers", ["L0", "L1", "L2", "L3"], ["L0", "L2"], lambda c: read_ladder(c).tiers),
    *((PROTOCOL_FILE, f"years.{tier}", years, years + 0.5, days(tier)) for tier, years in YEARS),
    *((PROTOCOL_FILE, f"budget_seconds.{tier}", 30, 40, rung(tier, "budget_seconds")) for tier in Tier),
    *((PROTOCOL_FILE, f"memory_mb.{tier}", 200, 300, rung(tier, "memory_mb")) for tier in Tier),
    (PROTOCOL_FILE, "critic_rounds", 3, 1, lambda c: read_ladder(c).critic_rounds),
    walked("windows", 12, 6),
    walked("train_days", 252, 100),
    walked("test_days", 63, 40),
    walked("purge_days", 0, 20),
    (PROTOCOL_FILE, "extended_windows", 5, 7, result(Tier.L3, lambda found: len(found.details["windows"]))),
    (PROTOCOL_FILE, "monte_carlo_paths", 200, 300, result(Tier.L3, metric("sharpe_low"))),
    (PROTOCOL_FILE, "resamples", 200, 300, result(Tier.L2, metric("spa_p"), bars=(swings(2, drift=0.0),))),
    (PROTOCOL_FILE, "seed", 0, 7, result(Tier.L3, metric("sharpe_low"))),
    (PROTOCOL_FILE, "combinations", 400, 3, result(Tier.L2, lambda found: found.trials)),
    (PROTOCOL_FILE, "examination_seconds", 20, 0.001, result(Tier.L0, verdict)),
    (PROTOCOL_FILE, "absent_share", 0.2, 0.05, result(Tier.L1, verdict, bars=holed())),
    (PROTOCOL_FILE, "delisted_days", 30, 90, result(Tier.L2, lambda found: found.warnings[:1], bars=ended())),
    (PROTOCOL_FILE, "significance", 0.05, 0.01, doubtful),
    (PROTOCOL_FILE, "costs.fee_bps", 10, 20, result(Tier.L1, metric("sharpe"))),
    (PROTOCOL_FILE, "costs.slippage_bps", 0, 20, result(Tier.L1, metric("sharpe"))),
]
EFFECTS: list[tuple[str, str, Any, Any, Look]] = [*TABLE, *THRESHOLDS, *PORTFOLIO, *DEPLOYED, *PROTOCOL]


def way(file: str, key: str) -> str:
    """Where the value of a row is written: of a tier the whole section, which has no defaults of its own."""
    return ".".join(key.split(".")[:2]) if file == TIERS_FILE else key


@pytest.mark.parametrize(
    ("file", "key", "one", "other", "look"), EFFECTS, ids=[f"{file}:{key}" for file, key, *_ in EFFECTS]
)
def test_every_key_has_an_effect(config: Path, file: str, key: str, one: Any, other: Any, look: Look) -> None:
    put(config, file, way(file, key), one)
    before = look(config)
    put(config, file, way(file, key), other)
    assert look(config) != before


def test_no_key_was_forgotten() -> None:
    seen = {f"{file}:{key}" for file, key, *_ in EFFECTS}
    assert {f"{file}:{written(key)}" for file, model in MODELS.items() for key in keys(model)} == seen


def written(key: str) -> str:
    """A key as the file has it: `pass` and `fail` are words of Python."""
    return key.replace("passing", "pass").replace("failing", "fail")


def test_the_files_as_they_are_made_say_what_the_defaults_are(config: Path) -> None:
    assert read_ladder(config) == LADDER
    for file, text in FILES.items():
        (config / file).write_text(text(), encoding="utf-8")
    assert read_ladder(config) == LADDER
    assert read_portfolio(config) == PortfolioTerms()
    assert RiskTerms(**read_deployed(config).model_dump()) == RiskTerms()


def test_a_file_that_says_something_else_is_read_again(config: Path) -> None:
    put(config, PROTOCOL_FILE, "critic_rounds", 2)
    first = read_ladder(config)
    assert read_ladder(config).rungs == first.rungs
    put(config, PROTOCOL_FILE, "critic_rounds", 5)
    assert (first.critic_rounds, read_ladder(config).critic_rounds) == (2, 5)
    (config / PROTOCOL_FILE).unlink()
    assert read_ladder(config) == LADDER


def test_reading_the_same_files_again_takes_no_time(config: Path) -> None:
    for file, text in FILES.items():
        (config / file).write_text(text(), encoding="utf-8")
    read_ladder(config)
    used = process_time()
    for _ in range(10):
        read_ladder(config)
    assert process_time() - used < 0.1


REFUSED = [
    (TIERS_FILE, "tier:\n  L0: {}\n", r"tiers.yaml:1:1: unknown key 'tier', did you mean 'tiers'"),
    (THRESHOLDS_FILE, "pass:\n  sharp_oos: 1\n", r"thresholds.yaml:2:3: unknown key 'pass.sharp_oos'"),
    (THRESHOLDS_FILE, "pass:\n  max_drawdown: 25\n", r"thresholds.yaml:2:3: pass.max_drawdown"),
    (PROTOCOL_FILE, "tiers: [L2, L0]\n", r"in order"),
    (PROTOCOL_FILE, "tiers: []\n", r"name one at least"),
    (PORTFOLIO_FILE, "deployed: {max_alocation: 0.2}\n", r"yaml:1:12: unknown key .*, did you mean 'max_allocation'"),
    (PORTFOLIO_FILE, "deployed:\n  max_deployed: 60\n", r"portfolio-thresholds.yaml:2:3: deployed.max_deployed"),
    (PORTFOLIO_FILE, "portfolio: {max_weight: 0}\n", r"portfolio-thresholds.yaml:1:13: portfolio.max_weight"),
    (
        TIERS_FILE,
        'tiers: {L0: {universe: all, variants: 0, gates: [{metric: shape, must_be: ">", threshold: 1}]}}\n',
        r"there is no metric 'shape', did you mean 'sharpe'",
    ),
    (
        TIERS_FILE,
        'tiers: {L0: {universe: all, variants: 0, gates: [{metric: trades, must_be: ">", threshold: pass.trade}]}}\n',
        r"'pass.trade' is no key of thresholds.yaml, did you mean 'pass.trades'",
    ),
    (
        TIERS_FILE,
        'tiers: {L0: {universe: all, variants: 0, gates: [{metric: sharpe, must_be: ">", threshold: 1, kind: warning}]}'
        "}",
        r"tier L0 has no gate",
    ),
]


@pytest.mark.parametrize(("file", "text", "said"), REFUSED)
def test_what_is_wrong_is_refused_at_its_place(config: Path, file: str, text: str, said: str) -> None:
    (config / file).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        read_portfolio(config) if file == PORTFOLIO_FILE else read_ladder(config)
