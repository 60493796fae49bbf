"""Every event has its row; what is not in the table is refused, so that nothing is silent by accident."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from desk.notices.happenings import NOON, happened, noticed
from quorum.desk.notices import EVENTS, WORDS, Concern, Escalation, Event, Notice, Occurrence, Reach, occurrence
from quorum.domain import Severity, UsageError, severity

SOURCES = Path(__file__).parents[3] / "src" / "quorum"
SPECIFICATION = "spec/4-trading-coordinator.md"


def test_every_event_has_a_row_and_every_row_an_event() -> None:
    assert set(EVENTS) == set(Event)
    assert all(row.type and row.meaning.endswith(".") for row in EVENTS.values())


@pytest.mark.parametrize("event", Event)
def test_what_is_bad_reaches_people_and_the_worst_everyone(event: Event) -> None:
    row = EVENTS[event]
    assert row.priority >= row.severity
    assert row.severity < Severity.YELLOW or (row.reach >= Reach.PEOPLE and row.action)
    assert row.severity < Severity.BLACK or row.reach == Reach.EVERYONE
    assert row.reach != Reach.LOG or row.priority == Severity.INFO


def test_the_coordinator_s_failures_are_told_as_its_specification_says() -> None:
    assert EVENTS[Event.WORKFLOW_FAILED].reach == Reach.PEOPLE  # critical_step_failure: notify the user
    assert EVENTS[Event.WORKFLOW_DEGRADED].reach == Reach.LOG  # optional_step_failure: log_only
    assert EVENTS[Event.AGENT_FAILED].reach == Reach.PEOPLE  # error: log_and_notify


def literal_events() -> set[str]:
    """The first argument of every call of `tell`, `raise_event` and `occurrence` in the sources that is a text."""
    found = set()
    paths = (path for path in SOURCES.rglob("*.py") if "simulator" not in path.parts)  # it tells clients of a venue
    texts = (path.read_text(encoding="utf-8") for path in paths)
    for text in (text for text in texts if re.search(r"(tell|raise_event|occurrence)\(\s*[\"']", text)):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in ("tell", "_tell", "raise_event", "occurrence") and isinstance(node.args[0].value, str):
                    found.add(node.args[0].value)
    return found


def test_every_event_that_the_sources_name_is_in_the_table() -> None:
    assert literal_events() <= set(Event)


BY_HAND = {Event.STRATEGY_CHANGED, Event.DRIFT}
"""What rooms that are not built yet will raise; until then a person does, by `quorum notices raise`."""


TELLING = ("tell", "_tell", "_publish", "occurrence")
SUSPECT = ("Event.", "event =", "event: ", '"event"', *(f"{name}(" for name in TELLING))
"""Words without which a source raises none."""


def _texts(node: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def raised_by(node: ast.AST) -> set[str]:
    """The events that a piece of source raises: a member, a word that is told, or one that is called `event`."""
    if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "Event":
        return {node.attr.lower()}
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return {text for arg in node.args[:2] for text in _texts(arg)} if name in TELLING else set()
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "event":
        return _texts(node.value)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {
            t for key, value in pairs if isinstance(key, ast.Constant) and key.value == "event" for t in _texts(value)
        }
    return set()


def raised_events() -> set[str]:
    """Every event that a source beside the table and the routing raises."""
    sources = (p for p in SOURCES.rglob("*.py") if p.parent.name != "notices" or p.name in ("outage.py", "notices.py"))
    texts = (path.read_text(encoding="utf-8") for path in sources)
    trees = (ast.parse(text) for text in texts if any(word in text for word in SUSPECT))
    return {event for tree in trees for node in ast.walk(tree) for event in raised_by(node)}


def test_every_event_is_raised_somewhere() -> None:
    assert set(Event) - raised_events() == BY_HAND


def test_an_unknown_event_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match=r"there is no event 'agent_faild', did you mean 'agent_failed'\?"):
        occurrence("agent_faild", {"agent": "smc"})
    with pytest.raises(UsageError, match=r"there is no event 'x'; docs"):
        occurrence("x", {})


def test_facts_become_an_occurrence() -> None:
    facts = {"summary": "smc gave no answer", "key": "TASK-1", "severity": "high", "agent": "smc", "seconds": 30}
    told = occurrence("agent_failed", facts)
    assert told == Occurrence(
        Event.AGENT_FAILED, "TASK-1", "smc gave no answer", {"agent": "smc", "seconds": 30}, "", Severity.RED
    )
    bare = occurrence("agent_failed", {"agent": "smc", "error": UsageError("found", "remedy")})
    assert bare.summary == EVENTS[Event.AGENT_FAILED].meaning
    assert bare.details["error"] == "found; remedy"
    assert occurrence("alert", {"where": Path("/a"), 1: float("nan")}).details == {"where": "/a", "1": None}
    again = occurrence("agent_failed", {"error": UsageError("found", "remedy"), "agent": "smc"})
    assert again.identity == bare.identity
    assert occurrence("agent_failed", {"agent": "ml"}).identity != bare.identity
    with pytest.raises(UsageError, match="'purple' is no severity"):
        occurrence("agent_failed", {"severity": "purple"})


def test_an_occurrence_without_a_key_or_a_summary_is_refused() -> None:
    with pytest.raises(UsageError, match="alert has no key"):
        Occurrence(Event.ALERT, "", "text")
    with pytest.raises(UsageError, match="alert has no summary"):
        Occurrence(Event.ALERT, "1", "")


def test_an_occurrence_may_be_worse_than_its_row_and_never_milder() -> None:
    assert noticed(Event.ALERT, severity=Severity.BLACK).severity == Severity.BLACK
    assert noticed(Event.ALERT, severity=Severity.BLACK).priority == Severity.BLACK
    assert noticed(Event.HALTED, severity=Severity.INFO).severity == Severity.BLACK


def test_there_is_one_scale_and_its_words_are_read_back() -> None:
    assert list(WORDS.values()) == ["low", "medium", "high", "critical"]
    assert {severity(word): word for word in WORDS.values()} == dict(WORDS)


def test_an_agent_s_concern_that_a_person_must_see_is_told_to_people() -> None:
    concern = Concern("smc", Event.STRATEGY_CHANGED, "1", "look at this")
    assert Notice.of("N", NOON, concern.occurrence("E")).severity == Severity.YELLOW
    quiet = Concern("smc", Event.STRATEGY_CHANGED, "1", "look at this", requires_user_attention=False)
    assert Notice.of("N", NOON, quiet.occurrence("E")).severity == Severity.INFO


def specified(shared: Path, first_key: str) -> dict[str, Any]:
    """The JSON block of the coordinator's specification that begins with that key."""
    blocks = re.findall(r"```json\n(.*?)```", (shared / SPECIFICATION).read_text(encoding="utf-8"), re.DOTALL)
    return next(block for text in blocks if first_key in (block := json.loads(text)))


def kinds(document: dict[str, Any]) -> dict[str, type]:
    return {key: type(value) for key, value in document.items()}


@pytest.mark.real_data
def test_a_notice_has_the_shape_of_the_specification(shared: Path) -> None:
    expected = specified(shared, "notification_id")
    details = {"signal_quality": "A", "consensus_strength": 0.85}
    told = noticed(Event.TRADE_OPPORTUNITY, summary="High-quality bullish signal on BTCUSD", details=details)
    document = told.document()
    assert list(document) == list(expected)
    assert kinds(document) == kinds(expected)
    same = ("type", "priority", "action_required", "summary")
    assert [document[key] for key in same] == [expected[key] for key in same]


@pytest.mark.real_data
def test_an_escalation_has_the_shape_of_the_specification(shared: Path) -> None:
    expected = specified(shared, "escalation_id")
    concern = Concern("risk-manager", Event.DRAWDOWN_WARNING, "1", "Weekly drawdown approaching 5% limit")
    document = Escalation.of("ESC-20250130-001", NOON, concern).document()
    assert list(document) == list(expected)
    assert {**document, "timestamp": expected["timestamp"]} == expected


def test_the_guide_has_every_event() -> None:
    text = (SOURCES.parents[1] / "docs" / "guides" / "notifications.md").read_text(encoding="utf-8")
    reach = {Reach.LOG: "log", Reach.PEOPLE: "people", Reach.EVERYONE: "everyone"}
    rows = [
        f"| `{event}` | {row.type} | {row.severity.name} | {WORDS[row.priority]} | {reach[row.reach]} | {row.meaning} |"
        for event, row in EVENTS.items()
    ]
    assert [row for row in rows if row not in text] == []


def test_the_same_thing_twice_has_one_identity() -> None:
    assert happened(key="a").identity == happened(key="a", summary="other words").identity
    assert happened(key="a").identity != happened(Event.ALERT, key="a").identity
