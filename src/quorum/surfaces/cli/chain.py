"""The chain behind a decision as lines of text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

PRICES = ("open", "high", "low", "close")


def draw(chain: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """One block a link, from the thing asked about back to the bars."""
    for depth, link in enumerate(chain):
        head = "" if depth == 0 else "because of "
        yield f"{head}{link['kind']} {link['id']}"
        yield from (f"    {line}" for line in _BLOCKS.get(link["kind"], _other)(link))


def _order(link: Mapping[str, Any]) -> Iterator[str]:
    yield f"{link['side']} {link['quantity']} {link['symbol']} at about {link['price']}: {link['status']}"
    for event in link["events"]:
        yield f"{event['time']} {event['status']} {event['detail'] or event['fill_id'] or ''}".rstrip()
    yield from (f"filled {f['quantity']} at {f['price']}, fee {f['fee']} {f['fee_currency']}" for f in link["fills"])


def _fill(link: Mapping[str, Any]) -> Iterator[str]:
    yield f"{link['side']} {link['quantity']} {link['symbol']} at {link['price']} on {link['time']}"


def _risk(link: Mapping[str, Any]) -> Iterator[str]:
    outcome = link["outcome"]
    yield f"{outcome['verdict']} {outcome['quantity']}: {link['rationale']}"
    for check in outcome["checks"]:
        mark = "passes" if check["passed"] else "binds"
        yield f"{check['name']}: {_short(check['used'])} of {_short(check['limit'])} {check['unit']} used, {mark}"


def _consensus(link: Mapping[str, Any]) -> Iterator[str]:
    outcome = link["outcome"]
    yield f"as of {link['as_of']}: {outcome['consensus']['direction']} ({link['rationale']})"
    for vote in outcome["votes"]:
        sure = "" if vote["confidence"] is None else f", confidence {vote['confidence']:.2f}"
        yield f"{vote['voter']}: {vote['choice']}{sure}, weight {vote['weight']:g}: {vote['reason']}"
    for event in (e for vote in outcome["votes"] for e in vote.get("evidence", [])):
        yield f"  {event.get('event')}: known at {event.get('known_at')}"
    for next_one in link["led_to"]:
        orders = f", orders {', '.join(next_one['orders'])}" if next_one["orders"] else ""
        yield f"led to {next_one['decision_id']}: {next_one['outcome']}{orders}"


def _bars(link: Mapping[str, Any]) -> Iterator[str]:
    revisions = ", ".join(str(r) for r in link.get("revisions", [link.get("revision")]))
    where = f"{link['symbol']}.{link['venue']} {link['timeframe']} revision {revisions}"
    yield f"{where}, {link['first']}..{link['last']}"
    yield f"sha256 {link['data_hash']}{'' if link['unchanged'] else ': the lake has OTHER bars now'}"
    for bar in link["newest"]:
        yield f"{bar['time']} " + " ".join(f"{name} {bar[name]}" for name in PRICES if name in bar)


def _trial(link: Mapping[str, Any]) -> Iterator[str]:
    made, told = link["inputs"], link["outcome"]
    named = ", ".join(f"{name} {value}" for name, value in made["parameters"].items())
    given = f" ({named})" if named else ""
    yield f"{made['strategy']}{given} on {made['symbol']} {made['timeframe']}, fill {made['terms']['fill']}"
    yield f"{told['fills']} fills, final equity {told['final_equity']:,.2f}"
    error = f" ± {_number(told['sharpe_se'])}: {told['convention']}" if "sharpe_se" in told else " a year"
    yield f"Sharpe {_number(told['sharpe'])}{error}"


def _approval(link: Mapping[str, Any]) -> Iterator[str]:
    outcome, asked = link["outcome"], link["inputs"]
    if "approval_id" not in outcome:
        name, said = outcome["standing_approval"], f"{outcome['status']} by {outcome['by']}"
        yield f"standing approval {name}: {said} at {link['at']}"
        yield f"because: {link['rationale']}"
        yield f"scope: {_told(asked['scope'])}"
        return
    yield f"{outcome['approval_id']} of {asked['workflow_id']}, step {asked['step']}: {asked['question']}"
    said = f" by {outcome['by']} on {outcome['surface']}" if "by" in outcome else ""
    yield f"{outcome['status']}{said} at {link['at']}: {link['rationale']}"
    yield from (f"shown: {name} = {_told(value)}" for name, value in asked["shows"].items())


def _verdict(link: Mapping[str, Any]) -> Iterator[str]:
    asked, outcome = link["inputs"], link["outcome"]
    yield f"{asked.get('workflow_id')}, {asked.get('question')}: {outcome['verdict']}"
    for criterion in outcome["criteria"]:
        word = {True: "holds", False: "fails", None: "cannot be told"}[criterion["holds"]]
        yield f"{criterion['text']}: {word}"
    yield from (f"{name} was {_told(value)}" for name, value in outcome["values"].items())


def _policy(link: Mapping[str, Any]) -> Iterator[str]:
    asked, outcome = link["inputs"], link["outcome"]
    yield f"{asked.get('workflow_id')}, step {asked.get('step')}, {asked.get('task')}: {link['rationale']}"
    yield from (f"{name}: {_told(value)}" for name, value in outcome.items())


def _system(link: Mapping[str, Any]) -> Iterator[str]:
    before, after = link["inputs"]["state"], link["outcome"]["state"]
    yield f"from {before} to {after} by {link['outcome']['by']} at {link['at']}: {link['rationale']}"


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"


def _other(link: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{name}: {_told(value)}" for name, value in link.items() if name not in ("kind", "id"))


def _short(value: str) -> str:
    return f"{float(value):,.2f}"


_BLOCKS = {
    "trial": _trial,
    "order": _order,
    "fill": _fill,
    "risk": _risk,
    "consensus": _consensus,
    "bars": _bars,
    "approval": _approval,
    "verdict": _verdict,
    "policy": _policy,
    "system": _system,
}
