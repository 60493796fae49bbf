"""A child that validates a queue and kills itself at one effect: `python -m durability.validating HOME …`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from desk.proving.scripted import FLAWED, PASSES, WEAK, result
from durability.driver import Killer, Point
from quorum.adapters.process import InlineExecutor
from quorum.bootstrap import open_desk
from quorum.desk import Desk
from quorum.desk.proving import Asked, Skills, validate
from quorum.domain import plain
from quorum.validation.ladder import Tier
from quorum.validation.life import Idea

VERDICTS = {"STR-001": PASSES, "STR-002": WEAK, "STR-003": FLAWED, "STR-004": PASSES}
CHECKED = "checked.txt"


def fill(home: Path) -> None:
    """Queue a strategy for each verdict."""
    ideas = [Idea("demo_ma", ("FLATUSDT",), "1h", params={"fast": 5 + i}) for i in range(len(VERDICTS))]
    open_desk(home).life.queue.add(ideas, "test")


def check(payload: Mapping[str, Any], beat: object) -> Mapping[str, Any]:
    """A check that ends as the table says, and is noted in a file."""
    with (Path(payload["home"]) / CHECKED).open("a") as file:
        file.write(f"{payload['strategy_id']}\n")
    told: Mapping[str, Any] = plain(result(payload["tier"], VERDICTS[payload["strategy_id"]]).told())
    return told


class Mortal:
    """A part of the desk whose process may die right before or after one of its acts."""

    def __init__(self, inner: Any, acts: Mapping[str, str], killer: Killer) -> None:
        self._inner, self._acts, self._killer = inner, acts, killer

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._inner, name)
        if name not in self._acts:
            return inner

        def act(*given: Any, **named: Any) -> Any:
            self._killer.before(self._acts[name])
            answer = inner(*given, **named)
            self._killer.after(self._acts[name])
            return answer

        return act


def mortal(desk: Desk, killer: Killer) -> Desk:
    """The desk, which may die at a move, at the keeping of a result or of the record, and at a check."""
    life = desk.life
    return replace(
        desk,
        life=life._replace(
            queue=Mortal(life.queue, {"move": "move"}, killer),
            results=Mortal(life.results, {"keep": "keep"}, killer),
            books=replace(life.books, runs=Mortal(life.books.runs, {"open": "open", "put": "put"}, killer)),
        ),
    )


def at_work(home: Path, killer: Killer | None = None) -> Desk:
    """The desk of a workspace, its checks in this process."""

    def mortally(payload: Mapping[str, Any], beat: object) -> Mapping[str, Any]:
        if killer is not None:
            killer.before("check")
        answer = check(payload, beat)
        if killer is not None:
            killer.after("check")
        return answer

    desk = replace(open_desk(home), executor=InlineExecutor({"tier": mortally}))
    return desk if killer is None else mortal(desk, killer)


def run(home: Path, killer: Killer | None = None) -> Mapping[str, Any]:
    """Validate what waits at L0."""
    return validate(at_work(home, killer), Asked(tier=Tier.L0), Skills())


if __name__ == "__main__":
    place, effect, number, when = sys.argv[1:]
    print(json.dumps(plain(run(Path(place), Killer(Point(effect, int(number), when))))))
