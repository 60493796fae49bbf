"""BOOTSTRAP.md: where the desk stands, for who begins to work; a person writes in it too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from quorum.desk.life.counts import Statistics
from quorum.desk.life.pages.text import write_if_other
from quorum.desk.life.skills import BLOCK, read_text
from quorum.domain import Decision, iso
from quorum.validation.life import OVER, Candidate, Status

BEGIN, END = "<!-- quorum: made from the store -->", "<!-- /quorum -->"
SKILLS = (
    *("trading-pipeline", "trading-parallel-validation", "trading-auto-retry"),
    *("trading-scheduled-discovery", "trading-live-monitoring", "trading-portfolio-rebalance"),
)
NEWEST = 10
_UPDATED = re.compile(r"^> Last updated:.*$", re.MULTILINE)
_PART = re.compile(re.escape(BEGIN) + r"\n.*?" + re.escape(END) + r"\n?", re.DOTALL)


class Brief(NamedTuple):
    """What the briefing tells."""

    at: int
    numbers: Statistics
    candidates: Sequence[Candidate]
    decisions: Sequence[Decision]
    exposure: float
    learnings: int


def write_briefing(path: Path, brief: Brief) -> bool:
    """BOOTSTRAP.md: our part of each section anew, every other line as it is; whether it was written.

    The block `active_skills` is a person's: it is put there once, with every skill on, and never changed.
    """
    text = read_text(path) if path.exists() else "# Where the desk stands\n\n> Last updated: never\n"
    before = text
    for heading, lines in _sections(brief):
        text = _with_section(text, heading, "\n".join([BEGIN, *lines, END]) + "\n")
    if not any(BLOCK.match(line) for line in text.splitlines()):
        switches = "\n".join(f"  {name}: true" for name in SKILLS)
        text = f"{text.rstrip()}\n\n## Skills\n\n```yaml\nactive_skills:\n{switches}\n```\n"
    if text == before:
        return False
    return write_if_other(path, _UPDATED.sub(f"> Last updated: {iso(brief.at)}", text, count=1))


def _sections(brief: Brief) -> Iterator[tuple[str, list[str]]]:
    yield "Current State", _state(brief)
    yield "Active Alerts", _alerts(brief.candidates)
    yield "Validation", _validation(brief.numbers)
    yield "Recent Decisions", [f"- {d.decision_id} {d.choice.rationale}" for d in brief.decisions] or ["- none"]
    yield "Pipeline", _pipeline(brief.candidates)


def _state(brief: Brief) -> list[str]:
    numbers = brief.numbers
    return [
        f"- Deployed strategies: {numbers.deployed}",
        f"- In the pipeline: {numbers.in_pipeline}",
        f"- Evaluated: {numbers.evaluated}",
        f"- Waiting for a person: {numbers.awaiting}",
        f"- Allocated to deployed strategies: {brief.exposure:.1%}",
        f"- Learnings: {brief.learnings}",
    ]


def _alerts(candidates: Sequence[Candidate]) -> list[str]:
    asks = [f"- {c.strategy_id} {c.idea.name}: ask me to deploy" for c in candidates if c.status is _ASKS]
    broken = [f"- {c.strategy_id} {c.idea.name}: {c.reason}" for c in candidates if c.status is Status.ERROR]
    return [*asks, *broken] or ["- none"]


_ASKS = Status.AWAITING_HUMAN


def _validation(numbers: Statistics) -> list[str]:
    return [
        f"- Rejected: {numbers.rejected}{_by(numbers.rejected_by_tier)}",
        f"- Compute saved by rejecting early: at least {_long(numbers.saved_by_rejecting)}",
        f"- Saved by working side by side: {_long(numbers.saved_by_workers)}",
    ]


def _pipeline(candidates: Sequence[Candidate]) -> list[str]:
    waiting: dict[str, list[str]] = {}
    for candidate in candidates:
        if candidate.status not in OVER:
            waiting.setdefault(candidate.status.value, []).append(candidate.strategy_id)
    return [f"- {status}: {', '.join(ids)}" for status, ids in sorted(waiting.items())] or ["- nothing is on its way"]


def _by(counts: Mapping[str, int]) -> str:
    return f" ({', '.join(f'{tier} {count}' for tier, count in counts.items())})" if counts else ""


def _long(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def _with_section(text: str, heading: str, part: str) -> str:
    """The text with our part below a heading: in the place of the earlier one, else first in the section."""
    found = re.search(rf"^## {re.escape(heading)}[ \t]*$\n?", text, re.MULTILINE)
    if found is None:
        return f"{text.rstrip()}\n\n## {heading}\n\n{part}"
    following = re.search(r"^## ", text[found.end() :], re.MULTILINE)
    stop = found.end() + following.start() if following else len(text)
    body = text[found.end() : stop]
    held = _PART.search(body)
    if held is not None:
        made = body[: held.start()] + part + body[held.end() :]
    else:
        made = f"\n{part}\n{body.lstrip()}" if body.strip() else f"\n{part}\n"
    return text[: found.end()].rstrip("\n") + "\n" + made + text[stop:]
