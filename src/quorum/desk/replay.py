"""Making a decision again from its inputs alone, in a fresh process, and comparing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quorum.desk.cycle.stages import weighed
from quorum.desk.desk import Desk
from quorum.desk.facts import verdict_facts
from quorum.desk.recorded import seen_bars, trial_bars, trial_strategy
from quorum.desk.why import decisions_behind
from quorum.domain import (
    Book,
    DataError,
    Decision,
    DecisionKind,
    Instrument,
    NotFound,
    Proposal,
    UsageError,
    plain,
)
from quorum.engine import TRADING_ROOMS, Terms, ask, backtest, code_hash, judge, machine, observe
from quorum.lake import Lake
from quorum.risk import Around, RiskLimits
from quorum.signals import ANALYSTS, Circumstances, ConsensusRules, consensus

IDENTICAL, CODE_CHANGED, MACHINE_DIFFERS, DIFFERS = "identical", "code_changed", "machine_differs", "differs"
TASK = "replay"
COMPUTED = (DecisionKind.CONSENSUS, DecisionKind.RISK)


@dataclass(frozen=True, slots=True)
class Replay:
    """The answer: `field` is the first that differs, with both of its values; `replayed` are the ids made again."""

    verdict: str
    field: str | None
    recorded: Any
    recomputed: Any
    replayed: tuple[str, ...]


def replay(desk: Desk, identity: str) -> Replay:
    """Make what led to `identity` (a decision, an order, a fill, a trial) again; the first difference decides.

    What people or the coordinator decided on the way is not made again; UsageError when `identity` is such a decision.
    Data that changed says `differs`; else changed code says `code_changed`; else an equal result is `identical`,
    and an unequal one is `machine_differs` on another machine, `differs` on the same.
    """
    names, records = zip(*_records(desk, identity), strict=True)
    asked = {"home": str(desk.workspace.home), "made": [record["task"] for record in records]}
    answers = desk.executor.run(TASK, asked, timeout=600)["made"]
    for done, (record, answer) in enumerate(zip(records, answers, strict=True), 1):
        verdict, where = _compare(record, answer)
        if verdict != IDENTICAL:
            return Replay(verdict, *where, names[:done])
    return Replay(IDENTICAL, None, None, None, names)


def recompute(lake: Lake, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a fresh process answers: each thing made again from its inputs, with the code and machine at hand."""
    return {"made": [_make_again(lake, task) for task in asked["made"]]}


def _make_again(lake: Lake, task: Mapping[str, Any]) -> dict[str, Any]:
    """Outcome and data hash of one; of data that is gone or damaged the answer says so in place of its hash."""
    makers = {"consensus": _vote_again, "risk": _judge_again, "backtest": _trade_again}
    try:
        made = makers[task["kind"]](lake, task["inputs"])
    except (DataError, NotFound) as error:
        made = {"data": str(error), "outcome": None}
    hashed = code_hash(TRADING_ROOMS) if task["kind"] == "backtest" else code_hash()
    return {**plain(made), "code_hash": hashed, "machine": machine()}


def _vote_again(lake: Lake, inputs: Mapping[str, Any]) -> dict[str, Any]:
    seen = inputs["snapshot"]
    bars = seen_bars(lake, seen)
    bars = bars.as_of(seen["as_of"])
    if len(bars) == 0:
        return {"data": None, "outcome": None}
    rules = ConsensusRules.read(inputs["rules"])
    around = Circumstances.read(inputs.get("around", {}))
    analysts = [ANALYSTS[name] for name in rules.participants if name not in around.failed]
    signals = ask(bars, analysts, seen["as_of"], inputs["late"])
    facts = weighed(signals, consensus(signals, rules, seen["as_of"], around), inputs.get("tier_c_size", 0.0))
    return {"data": observe(bars, seen["as_of"]), "outcome": facts}


def _judge_again(lake: Lake, inputs: Mapping[str, Any]) -> dict[str, Any]:
    steps = {k: Decimal(inputs["instrument"][k]) for k in ("tick", "lot", "min_notional")}
    instrument = Instrument(**{**inputs["instrument"], **steps})
    proposal = Proposal.read(inputs["proposal"])
    around = Around.read(inputs["around"]) if inputs.get("around") else None
    verdict = judge(proposal, Book.read(inputs["book"]), RiskLimits.read(inputs["limits"]), instrument, around)
    return {"data": None, "outcome": {"proposal": plain(proposal), **verdict_facts(verdict)}}


def _trade_again(lake: Lake, inputs: Mapping[str, Any]) -> dict[str, Any]:
    bars, strategy = trial_bars(lake, inputs), trial_strategy(inputs)
    result = backtest(bars, strategy, inputs["parameters"], Terms(**inputs["terms"]), None)
    outcome = {**result.summary(), "trial_id": inputs["trial_id"]}
    return {"data": result.data_hash, "outcome": {name: outcome[name] for name in inputs["told"]}}


def _records(desk: Desk, identity: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is to be made again, oldest first: its task, and what was recorded of its data, outcome and makers."""
    if identity.startswith("TRL-"):
        trial = desk.trials.get(identity)
        inputs = {**trial["inputs"], "trial_id": identity, "told": list(trial["outcome"])}
        yield (
            identity,
            {
                "task": {"kind": "backtest", "inputs": inputs},
                "data": inputs["data_hash"],
                "outcome": trial["outcome"],
                "code_hash": inputs["code_hash"],
                "machine": inputs["machine"],
            },
        )
        return
    behind = decisions_behind(desk, identity)
    asked = next((d for d in behind if d.decision_id == identity), None)
    if asked is not None and asked.choice.kind not in COMPUTED:
        found = f"{identity} is of kind {asked.choice.kind}, which is not computed"
        raise UsageError(found, f"see `quorum why {identity}`")
    for decision in behind:
        if decision.choice.kind in COMPUTED:
            yield decision.decision_id, _record(decision)


def _record(decision: Decision) -> dict[str, Any]:
    choice = decision.choice
    return {
        "task": {"kind": choice.kind.value, "inputs": choice.inputs},
        "data": choice.inputs["snapshot"] if choice.kind is DecisionKind.CONSENSUS else None,
        "outcome": choice.outcome,
        "code_hash": decision.code_hash,
        "machine": decision.machine,
    }


def _compare(record: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[str, tuple[str | None, Any, Any]]:
    data = _first_difference("data", record["data"], answer["data"])
    if data:
        return DIFFERS, data
    outcome = _first_difference("outcome", record["outcome"], answer["outcome"])
    if record["code_hash"] != answer["code_hash"]:
        return CODE_CHANGED, outcome or ("code_hash", record["code_hash"], answer["code_hash"])
    if outcome is None:
        return IDENTICAL, (None, None, None)
    elsewhere = dict(record["machine"]) != dict(answer["machine"])
    return (MACHINE_DIFFERS if elsewhere else DIFFERS), outcome


def _first_difference(name: str, recorded: Any, recomputed: Any) -> tuple[str, Any, Any] | None:
    """The first place, in reading order, at which two plain values differ."""
    if isinstance(recorded, Mapping) and isinstance(recomputed, Mapping):
        for key in dict.fromkeys((*recorded, *recomputed)):
            found = _first_difference(f"{name}.{key}", recorded.get(key), recomputed.get(key))
            if found:
                return found
        return None
    if isinstance(recorded, list) and isinstance(recomputed, list) and len(recorded) == len(recomputed):
        pairs = enumerate(zip(recorded, recomputed, strict=True))
        return next((f for i, (a, b) in pairs if (f := _first_difference(f"{name}[{i}]", a, b))), None)
    return None if recorded == recomputed else (name, recorded, recomputed)
