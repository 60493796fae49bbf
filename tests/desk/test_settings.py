"""Settings: what is wrong is refused at its place, and every key of every file has an effect that is seen here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from desk.markets import ENTRY, write_bars
from desk.offices import ask, at_work
from quorum.bootstrap import serve_broker
from quorum.desk import CycleRecord, Desk, Workspace, books
from quorum.desk.settings import AccountsFile, ConsensusFile, ExecutionFile, InstrumentsFile, RiskFile
from quorum.domain import BrokerUnreachable, ConfigError, Direction, UsageError, View
from quorum.signals import consensus

MODELS = {
    "consensus.yaml": ConsensusFile,
    "risk.yaml": RiskFile,
    "accounts.yaml": AccountsFile,
    "execution.yaml": ExecutionFile,
    "instruments.yaml": InstrumentsFile,
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
        ("consensus:\n  timeout_seconds: yes\n  pool: x", "3:3", "consensus.pool: must be 'file4'"),
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
    found = desk.settings
    parts = (found.consensus, found.risk, found.accounts, found.execution, found.instruments)
    return dict(zip(MODELS, parts, strict=True))


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


def opposed(home: Path) -> tuple[str, str]:
    """What a vote comes to in which momentum is bullish (0.80) and smc bearish (0.62), both with a weight of 0.5."""
    rules = at_work(home).settings.consensus.consensus.rules()
    rise = View("momentum", "X", ENTRY, Direction.BULLISH, 0.80, 60, "up", (100.0, 100.0), 90.0, (130.0,))
    fall = View("smc", "X", ENTRY, Direction.BEARISH, 0.62, 60, "down", (100.0, 100.0), 110.0, (70.0,))
    outcome = consensus((rise, fall), rules, ENTRY)
    return outcome.direction, outcome.reason


def opposing(key: str, value: Any) -> dict[str, Any]:
    """A section in which smc is asked too, and `key` has a value."""
    equal = {"momentum": 0.5, "smc": 0.5}
    section = {"required_participants": ["momentum"], "optional_participants": ["smc"], "weights": equal}
    return {**section, "approval_threshold": 0.5, key: value}


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
    ("consensus.yaml", "consensus.timeout_seconds", 30, 1e-9, vote_of("choice")),
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


def write(home: Path, file: str, key: str, value: Any) -> None:
    """Set one key of a configuration file, or leave the file as it is for None."""
    if value is None:
        return
    yaml, path = YAML(), home / "config" / file
    document = yaml.load(path.read_text(encoding="utf-8"))
    *way, last = key.split(".")
    section = document
    for step in way:
        section = section[step]
    section[last] = value
    with path.open("w", encoding="utf-8") as stream:
        yaml.dump(document, stream)


def names() -> list[str]:
    """Each observation by its key; of several keys written at once by the one that differs."""
    return [
        f"{file}:{key}" if key != "consensus" else f"{file}:consensus.{next(k for k in one if one[k] != other[k])}"
        for file, key, one, other, _ in EFFECTS
    ]


@pytest.mark.parametrize(("file", "key", "one", "other", "look"), EFFECTS, ids=names())
def test_every_key_has_an_effect(
    home: Path, another: Path, file: str, key: str, one: Any, other: Any, look: Look
) -> None:
    write(home, file, key, one)
    write(another, file, key, other)
    assert look(home) != look(another)


def keys(model: type[BaseModel], way: str = "") -> set[str]:
    """Every key of a model that holds a value, dotted; the names of books and accounts are left out."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        inner = [m for m in (field.annotation, *get_args(field.annotation)) if isinstance(m, type)]
        sections = [m for m in inner if issubclass(m, BaseModel)]
        found |= keys(sections[0], f"{way}{name}.") if sections else {f"{way}{name}"}
    return found


def test_no_key_was_forgotten() -> None:
    seen = {name.replace("crypto.", "").replace("paper.", "") for name in names()}
    seen |= {f"instruments.yaml:symbols.{name}" for name in ("tick", "lot", "min_notional")}
    refused_only = {"consensus.yaml:consensus.voting_method", "consensus.yaml:consensus.pool"}
    elsewhere = {"execution.yaml:simulated_venue.process"}
    every = {f"{file}:{key}" for file, model in MODELS.items() for key in keys(model)}
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
