"""What an interpreter has once kept is read in the same way for good: a run ends under the one that began it.

`histories/N.json` was written by interpreter N when it was released (`python test_history.py N`), and never changes. A
change that breaks this test strands runs that wait for a person: give it a new number instead.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from quorum.bootstrap.worker import INTERPRETERS
from quorum.desk.running import Compiled
from quorum.desk.workflows import Protocols
from quorum.desk.workflows.fakes import MemoryRuns, ScriptedCrew
from quorum.domain import HOUR, VirtualClock, content_hash

HISTORIES = Path(__file__).parent / "histories"
RUN, START = "WF-20240101-001", 1_704_067_200_000_000_000
PART = {
    "workflow": "part",
    "params": {"symbol": {"kind": "symbol", "required": True}},
    "steps": [{"step": 1, "name": "look", "task": "verify_data_feeds", "outputs": {"fresh": "of"}}],
    "results": {"seen": "symbol", "fresh": "fresh"},
}
WHOLE = {
    "workflow": "whole",
    "params": {"symbols": {"kind": "list", "default": ["A", "B", "C"]}},
    "steps": [
        {"step": 1, "name": "first", "task": "verify_data_feeds", "outputs": {"word": "of"}},
        {
            "step": 2,
            "name": "both",
            "parallel": True,
            "critical": False,
            "tasks": [
                {"name": "left", "task": "check_agents"},
                {"name": "right", "task": "validate_models", "condition": "word == 'nothing'"},
            ],
        },
        {"step": 3, "name": "skipped", "task": "check_agents", "condition": "word == 'nothing'"},
        {"step": 4, "name": "verdict", "decision_point": "Is it?", "criteria": ["word == 'first'", "1 < 2"]},
        {"step": 5, "name": "consent", "approval": {"question": "May it?", "expires": "4h", "remind": "1h"}},
        {"step": 6, "name": "inner", "workflow": "part", "with": {"symbol": "'Z'"}, "condition": "consent_approved"},
        {
            "step": 7,
            "name": "each",
            "for_each": {"over": "symbols", "as": "item", "at_most": 2},
            "task": "verify_data_feeds",
            "inputs": {"symbol": "item"},
        },
        {
            "step": 8,
            "name": "runs",
            "for_each": {"over": "symbols", "as": "item", "at_most": 2},
            "workflow": "part",
            "with": {"symbol": "item"},
        },
        {"step": 9, "name": "broken", "task": "check_agents", "critical": True},
        {"step": 10, "name": "never", "task": "check_agents"},
    ],
    "results": {"word": "word", "verdict": "verdict.verdict", "each": "each", "runs": "runs", "inner": "inner.seen"},
}


def request(number: int) -> dict[str, Any]:
    carried = {"document": WHOLE, "parts": {"part": PART}}
    asked = {"workflow": "whole", "interpreter": number, **carried, "hash": content_hash(carried)}
    return {**asked, "params": {"symbols": ["A", "B", "C"]}, "as_of": START, "execution": "notify", "asked_at": START}


def crew(clock: VirtualClock) -> ScriptedCrew:
    broken = {"status": "failed", "reason": "as the script says", "halts": True}
    return ScriptedCrew(clock, {"broken": broken}, {"May it?": ("approved", START + 5 * HOUR // 2)})


def runs(asked: Mapping[str, Any]) -> MemoryRuns:
    clock, compiled = VirtualClock(START), Compiled(Protocols())
    team = crew(clock)
    interpreter = INTERPRETERS[asked["interpreter"]]
    found = MemoryRuns(clock, lambda run, given: interpreter(compiled.of(given), given, run, team))
    found.send(RUN, "APR-1", {"status": "approved"}, START + 5 * HOUR // 2)
    return found


def histories() -> list[int]:
    return sorted(int(path.stem) for path in HISTORIES.glob("*.json"))


def test_every_interpreter_has_its_history() -> None:
    assert histories() == sorted(INTERPRETERS)


@pytest.mark.parametrize("number", histories())
def test_a_history_is_read_to_the_same_end_from_each_of_its_steps(number: int) -> None:
    told = json.loads((HISTORIES / f"{number}.json").read_text())
    names = [name for name, _ in told["kept"][RUN]]
    for length in range(len(names) + 1):
        if "5.consent.ask" in names[:length] and "5.consent.settle" not in names[:length]:
            continue  # the question is in the store, which no history holds
        resumed = runs(told["request"])
        resumed.kept = {name: [tuple(answer) for answer in kept] for name, kept in told["kept"].items()}  # type: ignore[misc]
        resumed.kept[RUN] = resumed.kept[RUN][:length]
        assert without_times(resumed.run(RUN, told["request"])) == without_times(told["outcome"]), length


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_times(inner) for name, inner in value.items() if name != "duration_ms"}
    return [without_times(inner) for inner in value] if isinstance(value, list) else value


def main() -> None:
    number = int(sys.argv[1])
    asked = request(number)
    fresh = runs(asked)
    outcome = fresh.run(RUN, asked)
    told = {"request": asked, "kept": fresh.kept, "outcome": outcome}
    (HISTORIES / f"{number}.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
