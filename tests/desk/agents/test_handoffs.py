"""Hand-offs are read and written as file 3 spells them, and tasks as file 4 does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.agents.staffs import NOW, delegation
from quorum.desk.agents import (
    BlockedOn,
    Delegated,
    DiscoveredIssue,
    Handoff,
    PartialSuccess,
    Priority,
    ReadyForReview,
    TaskComplete,
    blocked_on,
    read_handoff,
    write_handoff,
)
from quorum.domain import UsageError

THINGS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:/-]*", fullmatch=True)
SIGNALS = st.one_of(
    st.sampled_from([ReadyForReview(), DiscoveredIssue(), TaskComplete(), PartialSuccess()]),
    st.builds(BlockedOn, THINGS),
)


@given(SIGNALS)
def test_what_is_written_is_read_again(signal: Handoff) -> None:
    assert read_handoff(write_handoff(signal)) == signal


@pytest.mark.parametrize("word", ["", "DONE", "task_complete", "BLOCKED_ON_", "BLOCKED_ON", "BLOCKED_ON_two words"])
def test_what_is_no_handoff_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="; "):
        read_handoff(word)


@given(st.text())
def test_any_reason_blocks_by_a_word(reason: str) -> None:
    assert read_handoff(write_handoff(blocked_on(reason))) == blocked_on(reason)


def test_a_reason_becomes_its_first_words() -> None:
    assert write_handoff(blocked_on("the room learning: not built")) == "BLOCKED_ON_THE_ROOM_LEARNING_NOT_BUILT"


@pytest.mark.real_data
def test_every_signal_of_the_specification_is_one(shared: Path) -> None:
    text = (shared / "spec" / "3-gpt-trader-control-center.md").read_text(encoding="utf-8")
    words = re.findall(r"^- `([A-Z_]+(?:\[X\])?)`:", text.partition("### Handoff Signals")[2], re.MULTILINE)
    assert len(words) == 5
    assert {write_handoff(read_handoff(word.replace("[X]", "DATA"))) for word in words} == {
        word.replace("[X]", "DATA") for word in words
    }


@pytest.mark.real_data
def test_a_task_is_written_as_the_specification_does(shared: Path) -> None:
    text = (shared / "spec" / "4-trading-coordinator.md").read_text(encoding="utf-8")
    block = re.search(r"```json\n(\{\s*\"task_id\".*?)```", text, re.DOTALL)
    assert block is not None
    expected = json.loads(block[1])
    task = delegation(1, priority=Priority.HIGH, inputs_available=tuple(expected["context"]["inputs_available"]))
    made = Delegated("TASK-20250130-001", NOW, task).document()
    assert made == expected
    assert [*made, *made["context"]] == [*expected, *expected["context"]]
