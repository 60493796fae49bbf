"""A strategy's folder: what it is, on which data, how each tier ended, who said what of it, what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from quorum.desk.life.entries import told
from quorum.desk.life.pages.text import block, write_page, write_yaml
from quorum.desk.life.ports import Record
from quorum.domain import iso, plain
from quorum.validation.critic import critic_text
from quorum.validation.ladder import Tier
from quorum.validation.life import Candidate, Move

SCHEMA = 1
CRITIC, RISK = "critic", "risk"
"""Under which word their answers are kept beside those of the tiers."""


class Kept(NamedTuple):
    """What the store has of one strategy."""

    candidate: Candidate
    moves: Sequence[Move]
    results: Sequence[Mapping[str, Any]]
    deployments: Sequence[Record]

    @property
    def tiers(self) -> list[Mapping[str, Any]]:
        return [r for r in self.results if r["tier"] in list(Tier)]

    def newest(self, word: str) -> Mapping[str, Any] | None:
        """The newest answer of a tier, the critic or risk."""
        return next((r for r in reversed(self.results) if r["tier"] == word), None)


def write_folder(folder: Path, kept: Kept) -> list[Path]:
    """Write the files of a strategy; the paths of those that were written.

    A Markdown file that somebody has written stays as it is; a YAML file keeps the keys that are not ours.
    """
    written = [folder / name for name, text in _pages(kept) if write_page(folder / name, text)]
    for name, values in _documents(kept):
        if write_yaml(folder / name, block(values), lambda values=values: values):  # type: ignore[misc]
            written.append(folder / name)
    return written


def _pages(kept: Kept) -> Iterator[tuple[str, str]]:
    yield "hypothesis.md", _hypothesis(kept.candidate)
    yield "quant-review.md", _review(kept)
    critic = kept.newest(CRITIC)
    waits = f"# {kept.candidate.strategy_id}: the critic\n\nThe critic has not been asked.\n"
    yield "critic-review.md", waits if critic is None else critic_text(kept.candidate.strategy_id, critic)


def _documents(kept: Kept) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "parameters.yaml", _parameters(kept)
    yield "data-spec.yaml", _data(kept)
    yield "risk-assessment.yaml", _risk(kept)
    yield "decision.yaml", _decision(kept)
    for name, result in _named(kept.tiers).items():
        yield f"backtest-results/{name}.yaml", _result(result)
    for tier in Tier:
        ended = kept.newest(tier)
        if ended is not None:
            yield f"backtest-results/{tier}_complete.yaml", _complete(ended)


def _hypothesis(candidate: Candidate) -> str:
    idea = candidate.idea
    rule = idea.name if isinstance(idea.strategy, str) else f"{idea.name}, a rule of its own (parameters.yaml has it)"
    return f"""# {candidate.strategy_id}: {idea.name}

{idea.hypothesis or "No hypothesis was written down."}

- **Rule**: {rule}
- **Trades**: {", ".join(idea.symbols) or "not said"} in bars of {idea.timeframe or "a length not said"}
- **Origin**: {idea.origin}{f", out of {idea.parent}" if idea.parent else ""}
- **Queued**: {iso(candidate.added_at)}
"""


def _review(kept: Kept) -> str:
    """The numbers of each tier against its gates, as the quant reads them."""
    lines = [f"# {kept.candidate.strategy_id}: the numbers", ""]
    shown = [r for tier in Tier if (r := kept.newest(tier)) is not None]
    if not shown:
        lines.append("No tier has looked at it yet.")
    for result in shown:
        lines += _reviewed(result)
    return "\n".join(lines) + "\n"


def _reviewed(result: Mapping[str, Any]) -> Iterator[str]:
    data = result.get("data", {})
    yield f"## {result['tier']}, {iso(result['at'])}"
    yield ""
    yield f"{_words(result.get('verdict') or {})} On {data.get('rows', 0):,} bars, {data.get('days', 0):,} days;"
    yield f"{result.get('trials', 0):,} trials were added, {result.get('trials_in_family', 0):,} are in its family."
    yield ""
    if result.get("rows"):
        yield "| metric | found | asked | kind | outcome |"
        yield "|---|---|---|---|---|"
    for row in result.get("rows", ()):
        found = _number(row["value"])
        asked = f"{row['comparison']} {row['threshold']:g}"
        yield f"| {row['metric']} | {found} | {asked} | {row['kind']} | {row['outcome']} |"
    yield ""
    for warning in result.get("warnings", ()):
        yield f"- {warning}"
    if result.get("warnings"):
        yield ""


def _words(verdict: Mapping[str, Any]) -> str:
    kind = verdict.get("verdict", "unknown")
    if kind == "failed":
        return f"Failed: {verdict.get('why') or verdict['reason']}."
    if kind == "inconclusive":
        found, needed = (_number(verdict[name]) for name in ("found", "needed"))
        return f"Inconclusive: {verdict['what']}: {needed} needed, {found} found."
    return f"{str(kind).capitalize()}."


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.6g}"


def _parameters(kept: Kept) -> dict[str, Any]:
    idea = kept.candidate.idea
    chosen = {r["tier"]: dict(r.get("params", {})) for r in kept.tiers}
    spec = {} if isinstance(idea.strategy, str) else {"spec": plain(idea.strategy)}
    return {
        "schema": SCHEMA,
        "strategy_id": kept.candidate.strategy_id,
        "strategy": idea.name,
        "params": dict(idea.params),
        "chosen": chosen,
        **spec,
    }


def _data(kept: Kept) -> dict[str, Any]:
    idea = kept.candidate.idea
    seen = {r["tier"]: _dated(r.get("data", {})) for r in kept.tiers}
    return {
        "schema": SCHEMA,
        "strategy_id": kept.candidate.strategy_id,
        "symbols": list(idea.symbols),
        "timeframe": idea.timeframe,
        "venue": idea.venue,
        "seen": seen,
    }


def _dated(data: Mapping[str, Any]) -> dict[str, Any]:
    return {n: iso(v) if n in ("first", "last") and isinstance(v, int) else v for n, v in data.items()}


def _risk(kept: Kept) -> dict[str, Any]:
    found = kept.newest(RISK)
    head = {"schema": SCHEMA, "strategy_id": kept.candidate.strategy_id}
    if found is None:
        return {**head, "verdict": None, "checks": []}
    return {
        **head,
        **{k: v for k, v in found.items() if k not in ("tier", "attempt", "run_id")},
        "at": iso(found["at"]),
    }


def _decision(kept: Kept) -> dict[str, Any]:
    """Where it stands and by which decisions it came there."""
    values = told(kept.candidate)
    moves = [
        {"at": iso(m.at), "status": m.after.value, "by": m.by, "reason": m.reason, "decision_id": m.decision_id}
        for m in kept.moves
    ]
    names = ("deployment_id", "stage", "status", "account", "book", "allocation", "approval_id")
    deployed = [{"at": iso(d["at"]), **{name: d[name] for name in names}} for d in kept.deployments]
    now = {name: values[name] for name in ("strategy_id", "status", "tier", "reason", "attempts", "moved_at")}
    return {"schema": SCHEMA, **now, "moves": moves, "deployments": deployed}


def _named(results: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Results by the names of their files, the newest of each name.

    Fixes are counted through all tiers: a tier's first result is the one that no fix of that tier made.
    """
    first: dict[str, int] = {}
    named: dict[str, Mapping[str, Any]] = {}
    for result in results:
        tier, attempt = result["tier"], result["attempt"]
        fixed = attempt > first.setdefault(tier, attempt)
        named[f"{tier}_retry{attempt}" if fixed else f"{tier}_results"] = result
    return named


def _result(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result without its daily returns, which the store has."""
    values = {name: value for name, value in result.items() if name not in ("daily", "at", "data")}
    return {"schema": SCHEMA, "at": iso(result["at"]), "data": _dated(result.get("data", {})), **values}


def _complete(result: Mapping[str, Any]) -> dict[str, Any]:
    """The sign that a tier has ended."""
    kept = {name: result[name] for name in ("tier", "attempt", "run_id")}
    verdict = (result.get("verdict") or {}).get("verdict")
    return {"schema": SCHEMA, "at": iso(result["at"]), **kept, "verdict": verdict}
