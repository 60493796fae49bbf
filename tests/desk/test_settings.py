"""Settings: what is wrong is refused at its place, and every key of every file has an effect that is seen here."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from desk.keys import keys, write
from desk.markets import ENTRY, write_bars
from desk.offices import ask, at_work
from quorum.bootstrap import serve_broker
from quorum.desk import CycleRecord, Desk, Workspace, books
from quorum.desk.settings import (
    AccountsFile,
    AgentsFile,
    ConsensusFile,
    CoordinatorFile,
    EventsFile,
    ExecutionFile,
    InstrumentsFile,
    NotificationsFile,
    RiskFile,
    ScheduleFile,
)
from quorum.desk.trading.accounting import total
from quorum.domain import DAY, HOUR, BrokerUnreachable, ConfigError, Direction, Timeframe, UsageError, View
from quorum.execution import Rate
from quorum.lake import Bars
from quorum.signals import CALM, Circumstances, ScoredVote, consensus, extreme_move, learn

OBSERVED_HERE: dict[str, type[BaseModel]] = {
    "consensus.yaml": ConsensusFile,
    "accounts.yaml": AccountsFile,
    "execution.yaml": ExecutionFile,
    "instruments.yaml": InstrumentsFile,
}
MODELS: dict[str, type[BaseModel]] = {
    **OBSERVED_HERE,
    "risk.yaml": RiskFile,  # every key: desk/guarding/test_risk_settings.py
    "agents.yaml": AgentsFile,  # every key: desk/agents/test_agent_settings.py
    "notifications.yaml": NotificationsFile,  # desk/notices/test_notification_settings.py
    "schedule.yaml": ScheduleFile,  # these three: desk/test_coordinator_settings.py
    "coordinator.yaml": CoordinatorFile,
    "events.yaml": EventsFile,
}
REFUSED = {
    "consensus.yaml": [
        ("consensus: [", "2:1", "not YAML"),
        ("a: b: c", "1:5", "not YAML"),
        ("- smc", "1:1", "needs keys with values below it"),
        ("consens: {}", "1:1", "did you mean 'consensus'?"),
        ("consensus:\n  approval_treshold: 0.7", "2:3", "did you mean 'approval_threshold'?"),
        ("consensus:\n  approval_threshold: high", "2:3", "must be a valid number"),
        ("consensus:\n  approval_threshold: 0.4", "2:3", "greater than or equal to 0.5"),
        (
            "consensus:\n  timeout_seconds: yes\n  pool: x",
            "3:3",
            "consensus.pool: must be 'file4', 'score', 'log_odds' or 'hedge'",
        ),
        ("consensus:\n  score: {threshold: 0}", "2:11", "greater than 0"),
        ("consensus:\n  may_replace: {smc: ml_model}", "1:1", "smc cannot stand in for ml_model"),
        ("consensus:\n  pool: hedge\n  weights_from: reliability", "1:1", "hedge learns its own weights"),
        ("consensus:\n  experts: {calibrations: {smc: {kind: platt}}}", "1:1", "are no platt calibration"),
        ("consensus:\n  conflict_resolution: {signal_conflicts: {}}", "2:25", "did you mean 'signal_conflict'?"),
        (
            "consensus:\n  conflict_resolution:\n    signal_conflict: {escalate_if: loud}",
            "3:23",
            "is written as confidence_difference < 0.15",
        ),
        (
            "consensus:\n  conflict_resolution:\n    risk_vs_signal: {strategy: signal_wins}",
            "3:22",
            "must be 'risk_always_wins'",
        ),
        (
            "consensus:\n  escalate_if_confidence_difference_below: 0.2\n"
            "  conflict_resolution: {signal_conflict: {escalate_if: confidence_difference < 0.1}}",
            "1:1",
            "below 0.2 by one key and below 0.1 by escalate_if",
        ),
        ("consensus:\n  timeout_seconds: true", "2:3", "needs a number (found True)"),
        ("consensus:\n  voting_method: loud", "2:3", "must be 'weighted'"),
        ("consensus:\n  required_participants: [smc, momntum]", "2:32", "did you mean 'momentum'?"),
        ("consensus:\n  required_participants:\n    - smc\n    - ghost", "4:7", "there is no participant 'ghost'"),
        ("consensus:\n  required_participants: smc", "2:3", "needs a list"),
        ("consensus: {required_participants: [], optional_participants: []}", "1:1", "nobody votes"),
        ("consensus: {required_participants: [smc], optional_participants: [smc]}", "1:1", "'smc' takes part twice"),
        ("consensus:\n  veto_agents: []", "2:3", "the risk-manager always has a veto"),
        ("consensus:\n  veto_agents: [risk-manager, momentun]", "2:31", "did you mean 'momentum'?"),
        ("consensus:\n  weights: {smc: 0.5,\n    smcc: 0.5}", "3:5", "did you mean 'smc'?"),
        ("consensus:\n  weights:\n    smc: -1", "3:5", "greater than or equal to 0"),
        ("consensus:\n  weights:\n    smc: .nan", "3:5", "finite number"),
        ("consensus:\n  min_confidence: {defalt: 0.5}", "2:20", "there is no participant 'defalt'"),
        ("consensus:\n  min_confidence: {default: 1.5}", "2:20", "less than or equal to 1"),
        ("consensus: {smc: 1, smc: 2}", "1:21", "duplicate key"),
    ],
    "risk.yaml": [
        ("books:\n  crypto:\n    max_positon: 0.4", "3:5", "did you mean 'max_position'?"),
        ("books:\n  crypto:\n    max_position: lots", "3:5", "must be a valid decimal"),
        ("books:\n  crypto:\n    risk_per_trade: 2", "3:5", "less than or equal to 1"),
        ("books:\n  crypto:\n    allow_short: maybe", "3:5", "must be a valid boolean"),
        ("books:\n  crypto:\n    max_deployed: .inf", "3:5", "finite number"),
        ("books: crypto", "1:1", "needs keys with values below it"),
    ],
    "accounts.yaml": [
        ("accounts:\n  paper: {book: crypt, currency: USDT, cash: 1}", "2:11", "did you mean 'crypto'?"),
        ("accounts:\n  paper: {book: crypto, currency: USDT}", "2:3", "accounts.paper.cash: is missing; write it"),
        ("accounts:\n  paper: {book: crypto, curency: USDT, cash: 1}", "2:25", "did you mean 'currency'?"),
        ("accounts:\n  paper: {book: crypto, currency: usdt, cash: 1}", "2:25", "written as USDT"),
        ("accounts:\n  paper: {book: crypto, currency: USDT, cash: 0}", "2:41", "greater than 0"),
        ("reporting_currency: usd", "1:1", "written as USDT or USD"),
        ("rate_hours: 0", "1:1", "greater than 0"),
        ("accounts:\n  ../out: {book: crypto, currency: USDT, cash: 1}", "2:3", "no name for an account"),
    ],
    "execution.yaml": [
        ("simulated_venue: {fee: 1}", "1:19", "did you mean 'fee_bps'?"),
        ("simulated_venue: {process: thread}", "1:19", "'in_process' or 'own_process'"),
        ("simulated_venue: {slippage_bps: 10000}", "1:19", "less than 10000"),
        ("simulated_venue: {max_volume_share: 0}", "1:19", "greater than 0"),
    ],
    "instruments.yaml": [
        ("crypto_lots: 1", "1:1", "did you mean 'crypto_lot'?"),
        ("symbols:\n  BTCUSDT: {tik: 1}", "2:13", "did you mean 'tick'?"),
        ("symbols:\n  BTCUSDT: {lot: 0}", "2:13", "greater than 0"),
        ("equity_lot: one", "1:1", "must be a valid decimal"),
    ],
    "coordinator.yaml": [
        ("worker: {runs_at_once: 0}", "1:10", "greater than or equal to 1"),
        ("worker: {pol: 2}", "1:10", "did you mean 'pool'?"),
        ("worker: {pool: many}", "1:10", "must be a valid integer"),
        ("worker: {lease_seconds: .inf}", "1:10", "finite number"),
        ("worker: {grace_seconds: -1}", "1:10", "greater than or equal to 0"),
        ("scheduler: {look_seconds: 0}", "1:13", "greater than 0"),
        ("scheduler:\n  look: 1", "2:3", "did you mean 'look_seconds'?"),
        ("log_level: loud", "1:1", "log_level"),
        ("views_seconds: soon", "1:1", "must be a valid number"),
    ],
    "schedule.yaml": [("schedules:\n  a: {workflw: look}", "2:7", "did you mean 'workflow'?")],
    "events.yaml": [("events: [{name: x, at: soon}]", "1:20", "is no date or time")],
    "agents.yaml": [("brain: true", "1:1", "no language model can be connected yet")],
    "notifications.yaml": [("zone: Mars/Olympus", "1:1", "there is no time zone 'Mars/Olympus'")],
}
WRONG = [(file, *case) for file, cases in REFUSED.items() for case in cases]


@pytest.mark.parametrize(("file", "text", "where", "what"), WRONG)
def test_what_is_wrong_is_refused_at_its_place(tmp_path: Path, file: str, text: str, where: str, what: str) -> None:
    path = tmp_path / "config" / file
    path.parent.mkdir()
    path.write_text(text + "\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        Workspace(tmp_path).settings()
    message = str(refused.value)
    assert message.startswith(f"{path}:{where}: ")
    assert what in message
    assert "\n" not in message


@pytest.mark.parametrize("file", MODELS)
def test_a_file_that_is_no_text_is_named(tmp_path: Path, file: str) -> None:
    path = tmp_path / "config" / file
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=f"^{path}: .*; make it a text file in UTF-8$"):
        Workspace(tmp_path).settings()
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match=f"^{path}: Is a directory"):
        Workspace(tmp_path).settings()


def test_files_that_are_empty_or_gone_mean_the_defaults(home: Path) -> None:
    expected = {name: model() for name, model in MODELS.items()}
    for file in MODELS:
        (home / "config" / file).write_text("# nothing but a comment\n", encoding="utf-8")
    assert loaded(at_work(home)) == expected
    for file in MODELS:
        (home / "config" / file).unlink()
    assert loaded(at_work(home)) == expected


def loaded(desk: Desk) -> dict[str, Any]:
    return {file: getattr(desk.settings, file.removesuffix(".yaml")) for file in MODELS}


# Every key has an effect: each observation below is made with a value for the key and with another one.

Look = Callable[[Path], object]


def cycle(home: Path, symbol: str = "FLATUSDT", hours: int = 0, **more: Any) -> CycleRecord:
    return ask(at_work(home), symbol, hours, **more)


def order(home: Path, symbol: str = "FLATUSDT") -> dict[str, Any]:
    found = cycle(home, symbol).order
    assert found is not None
    return dict(found)


def checks(home: Path) -> dict[str, str]:
    risk = cycle(home, paper=False).risk
    assert risk is not None
    return {check["name"]: check["limit"] for check in risk["checks"]}


def account(home: Path) -> tuple[object, ...]:
    desk = at_work(home)
    record = ask(desk, "FLATUSDT", paper=False)
    book = books(desk, record.account).book
    return record.account, book.currency, book.funded, desk.limits(record.account)


MINUTES = 60
MODEL_UP, MODEL_DOWN = ("ml_model", Direction.BULLISH, 0.5), ("ml_model", Direction.BEARISH, 0.62)


def opposed(
    home: Path,
    *said: tuple[str, Direction, float],
    around: Circumstances = CALM,
) -> tuple[object, ...]:
    """What a vote comes to, by default one in which momentum is bullish (0.80) and smc bearish (0.62)."""
    rules = at_work(home).settings.consensus.consensus.rules()
    voices = said or (("momentum", Direction.BULLISH, 0.80), ("smc", Direction.BEARISH, 0.62))
    views = [
        View(
            name, "X", ENTRY, way, sure, MINUTES, "why", (100.0, 100.0), 100.0 - 10 * way.sign, (100.0 + 30 * way.sign,)
        )
        for name, way, sure in voices
    ]
    outcome = consensus(views, rules, ENTRY, around)
    return outcome.direction, outcome.reason, outcome.escalate


def against_model(around: Circumstances = CALM) -> Look:
    """A vote in which the model alone is bearish."""
    return lambda home: opposed(home, ("momentum", Direction.BULLISH, 0.80), MODEL_DOWN, around=around)


def learnt(home: Path) -> object:
    """The weights that 40 days of votes teach, one a day: momentum is right nine times in ten, smc half the time."""
    rules = at_work(home).settings.consensus.consensus.rules()
    votes = [
        ScoredVote(ENTRY - k * DAY, name, 0.6, ENTRY - k * DAY + HOUR, bool(k % often))
        for k in range(1, 41)
        for name, often in (("momentum", 10), ("smc", 2))
    ]
    return learn(votes, rules, ENTRY).weights


def wild(home: Path) -> object:
    """Whether a bar of six average ranges loses the model its precedence."""
    section = at_work(home).settings.consensus.consensus
    closes = np.array([100.0 + k % 2 for k in range(20)] + [107.0])
    start = ENTRY - len(closes) * HOUR
    bars = Bars("X", "sim", Timeframe(HOUR), start + np.arange(len(closes)) * HOUR, closes)
    return extreme_move(bars, section.rules().conflict.extreme_atr)


def alone(home: Path) -> object:
    return opposed(home, ("smc", Direction.BULLISH, 0.7))


def traded_tiers(home: Path) -> object:
    return at_work(home).settings.consensus.consensus.tiers_that_trade


def opposing(key: str, value: Any, **more: Any) -> dict[str, Any]:
    """A section in which smc and the model are asked too, and `key`, dotted, has a value."""
    equal = {"momentum": 0.5, "smc": 0.5, "ml_model": 0.2}
    section = {"required_participants": ["momentum"], "optional_participants": ["smc", "ml_model"], "weights": equal}
    *way, last = key.split(".")
    found: dict[str, Any] = {**section, "approval_threshold": 0.5, **more}
    inner = found
    for step in way:
        inner[step] = dict(inner.get(step, {}))
        inner = inner[step]
    inner[last] = value
    return found


def conflict(key: str, one: Any, other: Any, look: Look = opposed, **more: Any) -> tuple[str, str, Any, Any, Look]:
    """An observation of a key of the consensus section."""
    return "consensus.yaml", "consensus", opposing(key, one, **more), opposing(key, other, **more), look


def consensus_of(name: str) -> Look:
    return lambda home: cycle(home, paper=False).consensus[name]


def vote_of(name: str) -> Look:
    return lambda home: cycle(home, paper=False).votes[0][name]


def voters(home: Path) -> list[str]:
    return [vote["voter"] for vote in cycle(home, paper=False).votes]


def account_or_refusal(home: Path) -> object:
    try:
        return account(home)
    except UsageError as refusal:
        return str(refusal)


def rated(home: Path) -> object:
    """What a rate of two days ago says of the accounts' total."""
    desk = at_work(home)
    desk.rates.keep(Rate("USDT", "USD", Decimal(1), desk.clock.now() - 2 * DAY, "bank"))
    return total(desk).amount


def equity_quantity(home: Path) -> Decimal:
    """How much of a share an approved order is for."""
    write_bars(home / "x" / "SHARE.sim_1h.csv", [100 * 1.004**k for k in range(260)])
    desk = at_work(home)
    desk.lake.import_path(home / "x")
    found = ask(desk, "SHARE", paper=False).order
    assert found is not None
    return Decimal(found["quantity"])


EFFECTS: list[tuple[str, str, Any, Any, Look]] = [
    ("consensus.yaml", "consensus.required_participants", ["momentum"], ["momentum", "smc"], consensus_of("direction")),
    ("consensus.yaml", "consensus.optional_participants", [], ["ml_model"], voters),
    ("consensus.yaml", "consensus.timeout_seconds", 30, 1e-9, consensus_of("absent")),
    ("consensus.yaml", "consensus.weights", {"smc": 1}, {"momentum": 0.9}, vote_of("weight")),
    ("consensus.yaml", "consensus.unlisted_weight", 0.2, 0.3, vote_of("weight")),
    ("consensus.yaml", "consensus.min_confidence", {"default": 0.5}, {"momentum": 1}, vote_of("choice")),
    ("consensus.yaml", "consensus.min_reward_risk", 1, 50, vote_of("choice")),
    *(
        ("consensus.yaml", "consensus", opposing(key, one), opposing(key, other), opposed)
        for key, one, other in (
            ("approval_threshold", 0.5, 0.6),
            ("escalate_if_confidence_difference_below", 0.15, 0.25),
            ("veto_agents", ["risk-manager"], ["risk-manager", "smc"]),
        )
    ),
    conflict("pool", "file4", "log_odds"),
    conflict("may_replace", {}, {"smc": "momentum"}, alone),
    conflict("score.threshold", 0.01, 0.9, pool="score"),
    conflict("score.min_votes", 2, 3, pool="score", score={"threshold": 0.01}),
    conflict("weights_from", "fixed", "reliability", learnt),
    conflict("reliability.days", 20, 40, learnt, weights_from="reliability", reliability={"min_signals": 10}),
    conflict("reliability.min_signals", 10, 100, learnt, weights_from="reliability"),
    conflict("hedge_fixed_share", 0.0, 0.2, learnt, pool="hedge"),
    conflict("experts.weights", {"smc": 0.1}, {"smc": 0.9}, pool="hedge"),
    conflict("experts.exponent", 1.0, 3.0, pool="log_odds"),
    *(
        conflict(
            "experts",
            {"calibrations": {"smc": {"kind": "platt", "x": [1], "y": [0]}}},
            {"calibrations": {"smc": {"kind": "platt", "x": [1], "y": [0], **other}}},
            pool="log_odds",
        )
        for other in ({"kind": "isotonic"}, {"x": [2]}, {"y": [1]})
    ),
    conflict("tier_c_size", 0, 0.5, traded_tiers),
    conflict("conflict_resolution.signal_conflict.strategy", "strongest_wins", "no_trade"),
    conflict("conflict_resolution.signal_conflict.fallback", "no_trade", "escalate", approval_threshold=0.9),
    conflict(
        "conflict_resolution.signal_conflict.escalate_if",
        "confidence_difference < 0.15",
        "confidence_difference < 0.25",
    ),
    conflict(
        "conflict_resolution.model_vs_discretionary.strategy", "defer_to_model", "strongest_wins", against_model()
    ),
    conflict(
        "conflict_resolution.model_vs_discretionary.exceptions",
        ["news_events"],
        ["extreme_market_conditions"],
        against_model(Circumstances(news="statement")),
    ),
    conflict("conflict_resolution.model_vs_discretionary.extreme_move_atr", 5, 7, wild),
    ("risk.yaml", "books.crypto.risk_per_trade", 0.001, 0.002, lambda home: order(home)["quantity"]),
    ("risk.yaml", "books.crypto.max_position", 0.4, 0.05, lambda home: checks(home)["max_position"]),
    ("risk.yaml", "books.crypto.max_deployed", 0.6, 0.07, lambda home: checks(home)["max_deployed"]),
    ("risk.yaml", "books.crypto.max_total_loss", 0.2, 0.3, lambda home: checks(home)["max_total_loss"]),
    ("risk.yaml", "books.crypto.min_reward_risk", 1.5, 50, lambda home: cycle(home, paper=False).reason),
    ("risk.yaml", "books.crypto.min_order_notional", 10, 1e6, lambda home: cycle(home, paper=False).reason),
    ("risk.yaml", "books.crypto.price_collar_bps", 100, 50, lambda home: order(home)["collar"]),
    ("risk.yaml", "books.crypto.max_borrowed", 0, 0.5, lambda home: checks(home)["cash"]),
    ("risk.yaml", "books.crypto.allow_short", False, True, lambda home: cycle(home, hours=3, timeframe="4h").order),
    ("accounts.yaml", "accounts", None, {"one": {"book": "crypto", "currency": "USDT", "cash": 100000}}, account),
    ("accounts.yaml", "accounts.paper.cash", 100000, 50000, account),
    ("accounts.yaml", "accounts.paper.book", "crypto", "equities", account),
    ("accounts.yaml", "accounts.paper.currency", "USDT", "EUR", account_or_refusal),
    ("accounts.yaml", "reporting_currency", "USD", "USDT", lambda home: total(at_work(home)).currency),
    ("accounts.yaml", "rate_hours", 24, 100, lambda home: rated(home)),
    ("execution.yaml", "simulated_venue.fee_bps", 10, 20, lambda home: order(home)["fills"][0]["fee"]),
    ("execution.yaml", "simulated_venue.slippage_bps", 2, 20, lambda home: order(home)["fills"][0]["price"]),
    ("execution.yaml", "simulated_venue.max_volume_share", 0.1, 0.2, lambda home: order(home, "THINUSDT")["filled"]),
    ("instruments.yaml", "crypto_lot", 0.00001, 10, lambda home: order(home)["quantity"]),
    ("instruments.yaml", "equity_lot", 1, 13, equity_quantity),
    ("instruments.yaml", "symbols", {}, {"FLATUSDT": {"lot": 3}}, lambda home: order(home)["quantity"]),
    ("instruments.yaml", "symbols", {}, {"FLATUSDT": {"tick": 0.5}}, lambda home: order(home)["price"]),
    (
        "instruments.yaml",
        "symbols",
        {},
        {"FLATUSDT": {"min_notional": 1e6}},
        lambda home: cycle(home, paper=False).reason,
    ),
]


def difference(one: Any, other: Any) -> str:
    """The dotted way to the first value that differs."""
    if not (isinstance(one, dict) and isinstance(other, dict)) or one.keys() != other.keys():
        return ""
    key = next(k for k in one if one[k] != other[k])
    return f".{key}{difference(one[key], other[key])}"


def names() -> list[str]:
    """Each observation by its key; of several keys written at once by the one that differs."""
    return [
        f"{file}:{key}" if key != "consensus" else f"{file}:consensus{difference(one, other)}"
        for file, key, one, other, _ in EFFECTS
    ]


@pytest.mark.parametrize(("file", "key", "one", "other", "look"), EFFECTS, ids=names())
def test_every_key_has_an_effect(
    home: Path, another: Path, file: str, key: str, one: Any, other: Any, look: Look
) -> None:
    write(home, file, key, one)
    write(another, file, key, other)
    assert look(home) != look(another)


def test_no_key_was_forgotten() -> None:
    seen = {re.sub(r"\.(crypto|paper|smc)\b", "", name) for name in names()}
    seen |= {f"instruments.yaml:symbols.{name}" for name in ("tick", "lot", "min_notional")}
    words = (
        "voting_method",
        "conflict_resolution.risk_vs_signal.strategy",
        "conflict_resolution.risk_vs_signal.action",
    )
    refused_only = {f"consensus.yaml:consensus.{word}" for word in words}
    elsewhere = {"execution.yaml:simulated_venue.process"}
    of_venue = ("venue", "host", "live", "keys.key", "keys.secret")
    elsewhere |= {f"accounts.yaml:accounts.{name}" for name in of_venue}  # adapters/alpaca/test_alpaca_opening.py
    compared = ExecutionFile().reconciliation.__class__.model_fields
    elsewhere |= {f"execution.yaml:reconciliation.{name}" for name in compared}  # desk/trading/test_reconciling.py
    before_live = ("calendar_days", "trading_days")
    elsewhere |= {f"execution.yaml:going_live.{name}" for name in before_live}  # desk/trading/live/test_going_live.py
    every = {f"{file}:{key}" for file, model in OBSERVED_HERE.items() for key in keys(model)}
    assert every - seen - refused_only - elsewhere == set()


def test_a_venue_in_its_own_process_is_asked_and_must_be_served(home: Path) -> None:
    write(home, "execution.yaml", "simulated_venue.process", "own_process")
    with pytest.raises(BrokerUnreachable, match="quorum broker serve"):
        books(at_work(home), account_of(home))
    server = serve_broker(home, "paper")
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        with pytest.raises(UsageError, match="already served"):
            serve_broker(home, "paper")
        assert order(home)["status"] == "filled"
        assert books(at_work(home), "paper").balanced
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def account_of(home: Path) -> str:
    return at_work(home).account_for("USDT")
