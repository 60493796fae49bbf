"""The critic's review as text that a stranger can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from quorum.domain import iso


def critic_text(strategy_id: str, told: Mapping[str, Any]) -> str:
    """`critic-review.md`: the verdict, each question with its evidence round by round, and how to do it again."""
    return "\n".join([*_head(strategy_id, told), *_rounds(told), *_again(strategy_id, told["basis"])]) + "\n"


def _head(strategy_id: str, told: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {strategy_id}: the critic on {told['looked_at']}"
    yield ""
    yield f"**{verdict_words(told['verdict'])}**"
    yield ""
    if not told["rounds"]:
        yield f"There was nothing to review: this is how {told['looked_at']} ended."
        yield ""


def verdict_words(verdict: Mapping[str, Any]) -> str:
    """A verdict in a sentence."""
    if verdict["verdict"] == "failed":
        return f"Failed: {verdict['why']}"
    if verdict["verdict"] == "inconclusive":
        found = "unknown" if verdict["found"] is None else f"{verdict['found']:.4g}"
        return f"Inconclusive: {verdict['what']} is {found}, {verdict['needed']:g} is asked for; more is needed to tell"
    return "Passed: every doubt is settled"


def _rounds(told: Mapping[str, Any]) -> Iterator[str]:
    for number, answers in enumerate(told["rounds"], 1):
        yield f"## Round {number}"
        yield ""
        for answer in answers:
            yield from _answer(answer)


def _answer(answer: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {answer['question']} ({answer['name']})"
    yield ""
    yield f"Raised by {', '.join(answer['raised_by'])}. Outcome: {answer['outcome']}."
    yield ""
    yield "| evidence | found | asked | holds | how |"
    yield "|---|---|---|---|---|"
    for found in answer["evidence"]:
        value = "unknown" if found["value"] is None else f"{found['value']:.4g}"
        asked = f"{found['comparison']} {found['threshold']:g}"
        how = found["detail"].replace("|", "\\|")
        yield f"| {found['what']} | {value} | {asked} | {found['holds']} | {how} |"
    yield ""


def _again(strategy_id: str, basis: Mapping[str, Any]) -> Iterator[str]:
    yield "## What it stands on"
    yield ""
    symbols = ", ".join(basis["symbols"])
    if basis["first"] is not None:
        span = f"{iso(basis['first'])[:10]} to {iso(basis['last'])[:10]}"
        yield f"- bars: {symbols} {basis['timeframe']} at {basis['venue']}, {span}, hash `{basis['data_hash']}`"
    params = ", ".join(f"{name}={value:g}" for name, value in basis["params"].items())
    yield f"- parameters: {params or 'none'}"
    yield f"- code `{basis['code_hash']}`, seed {basis['seed']}"
    yield ""
    yield f"`quorum evaluate {strategy_id} --critic` works all of it out again."
