"""The files of the queue: pipeline/queue.yaml, knowledge/registry.yaml, pipeline/current-run.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from quorum.desk.life.counts import Statistics
from quorum.desk.life.entries import ALIASES, LISTS, SCHEMA, told
from quorum.desk.life.pages.text import block, dumped, graft, line, stamped, untouched, was_ours, write_if_other
from quorum.desk.life.pages.text import write_yaml as write_plain
from quorum.desk.life.ports import Record
from quorum.desk.life.skills import read_text
from quorum.desk.life.words import meaning
from quorum.desk.settings import read_document
from quorum.domain import DAY, iso
from quorum.validation.life import OUT, OVER, Candidate, Status

QUEUE, REGISTRY, CURRENT = "pipeline/queue.yaml", "knowledge/registry.yaml", "pipeline/current-run.yaml"
AT_WORK = ("starting", "running")
_REGISTERED = (
    *("strategy", "symbols", "timeframe", "venue", "hypothesis", "origin", "parent"),
    *("status", "tier", "reason", "attempts", "added_at", "moved_at"),
)


def write_queue(path: Path, candidates: Sequence[Candidate]) -> bool:
    """queue.yaml: every strategy that is on its way, by priority; whether it was written.

    One that others have written into keeps their keys and entries, and shows those of ours that have left.
    """
    waiting = [c for c in candidates if c.status not in OUT]
    entries = [told(c) for c in waiting]
    if untouched(path) or _only_ours(path, {c.strategy_id for c in candidates}):
        return write_if_other(path, stamped(_listed({"schema": SCHEMA}, "queue", entries)))
    document = read_document(path)
    if document is None:
        return write_if_other(path, stamped(_listed({"schema": SCHEMA}, "queue", entries)))
    theirs = document if isinstance(document, list) else _list_of(document)
    changed = _merged(theirs, {c.strategy_id: c for c in candidates}, entries)
    if isinstance(document, CommentedMap):
        changed |= graft(document, {"schema": SCHEMA})
    return changed and write_if_other(path, dumped(document))


def write_registry(path: Path, candidates: Sequence[Candidate], numbers: Statistics) -> bool:
    """registry.yaml: every strategy that there ever was by its id, and the counters; whether it was written."""
    shown = {c.strategy_id: _registered(c) for c in sorted(candidates, key=_by_id)}
    lines = "".join(f"  {line(identity)}: {line(values)}\n" for identity, values in shown.items())
    body = f"{block({'schema': SCHEMA})}strategies:{' {}' if not lines else ''}\n{lines}"
    body += block({"counters": numbers.counters})
    ours = {"schema": SCHEMA, "strategies": shown, "counters": numbers.counters}
    return write_plain(path, body, lambda: ours)


def write_current(path: Path, candidates: Sequence[Candidate], runs: Sequence[Record], now: int) -> bool:
    """current-run.yaml: the runs at work, what waits for one, what ended today (UTC); whether it was written."""
    today = [c for c in candidates if c.moved_at >= now // DAY * DAY and c.status in (*OVER, Status.AWAITING_HUMAN)]
    active = [_running(run) for run in runs if run["status"] in AT_WORK]
    ours = {
        "schema": SCHEMA,
        "active_runs": active,
        "queue": [c.strategy_id for c in candidates if c.status is Status.PENDING],
        "completed_today": [
            {"strategy_id": c.strategy_id, "status": c.status.value, "at": iso(c.moved_at)} for c in today
        ],
    }
    return write_plain(path, block(ours), lambda: {**ours, "active_runs": [*_others(path), *active]})


def write_ids(path: Path, ids: Mapping[tuple[Any, ...], str]) -> bool:
    """Write the ids of strategies into the entries of a file, each by the keys that lead to it."""
    document = read_document(path)
    for way, identity in ids.items():
        reduce(lambda node, key: node[key], way, document)["strategy_id"] = identity
    return write_if_other(path, dumped(document))


def _listed(head: Mapping[str, Any], name: str, entries: Sequence[Mapping[str, Any]]) -> str:
    lines = "".join(f"  - {line(entry)}\n" for entry in entries)
    return f"{block(head)}{name}:{' []' if not lines else ''}\n{lines}"


def _only_ours(path: Path, known: set[str]) -> bool:
    """Whether a file of ours was changed since, and everything that is in it is in the store by now."""
    text = read_text(path)
    if not was_ours(text) or "#" in text.partition("\n")[2]:
        return False
    document = read_document(path)
    if not isinstance(document, CommentedMap) or set(document) - {"schema", "queue"}:
        return False
    entries = document.get("queue") or []
    return isinstance(entries, list) and all(isinstance(e, Mapping) and e.get("strategy_id") in known for e in entries)


def _list_of(document: CommentedMap) -> Any:
    name = next((key for key in LISTS if document.get(key) is not None), LISTS[0])
    if document.get(name) is None:
        document[name] = CommentedSeq()
    return document[name]


def _merged(theirs: Any, known: Mapping[str, Candidate], waiting: Sequence[Mapping[str, Any]]) -> bool:
    """Bring a host's entries up to date, and put those behind them that are missing; whether anything was changed."""
    changed = False
    there: set[str] = set()
    for key, entry in _pairs(theirs):
        identity = str(entry.get("strategy_id") or entry.get("id") or key)
        if identity in known:
            there.add(identity)
            changed |= graft(entry, _in_words_of(entry, told(known[identity])))
    fresh = [dict(values) for values in waiting if values["strategy_id"] not in there]
    if isinstance(theirs, CommentedMap):
        theirs.update({values["strategy_id"]: values for values in fresh})
    else:
        theirs.extend(fresh)
    return changed or bool(fresh)


def _pairs(theirs: Any) -> Iterator[tuple[Any, CommentedMap]]:
    pairs = theirs.items() if isinstance(theirs, Mapping) else enumerate(theirs)
    return ((key, entry) for key, entry in pairs if isinstance(entry, CommentedMap))


def _in_words_of(entry: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """Where it stands, under the keys that the entry has; what it is stays as it is written there."""
    moving = ("tier", "reason", "attempts", "version", "moved_at")
    spelt = {ALIASES.get(str(key), str(key)): str(key) for key in entry}
    said = meaning(str(entry.get("status", "")))
    status = {} if said is not None and said.status == ours["status"] else {"status": ours["status"]}
    return {**status, **{spelt.get(name, name): ours[name] for name in moving if ours[name] or name in spelt}}


def _registered(candidate: Candidate) -> dict[str, Any]:
    values = told(candidate)
    kept = {name: values[name] for name in _REGISTERED}
    return {"name": candidate.idea.name, **kept, **candidate.other}


def _by_id(candidate: Candidate) -> tuple[int, str]:
    return len(candidate.strategy_id), candidate.strategy_id


def _running(run: Record) -> dict[str, Any]:
    kept = {name: run[name] for name in ("run_id", "tier", "status")}
    return {**kept, "started": iso(run["at"]), "strategies": list(run.get("strategies", ()))}


def _others(path: Path) -> list[Any]:
    """Runs in the file that are not ours."""
    document = read_document(path)
    runs = document.get("active_runs") if isinstance(document, Mapping) else None
    return [
        run for run in runs or [] if not (isinstance(run, Mapping) and str(run.get("run_id", "")).startswith("VAL-"))
    ]
