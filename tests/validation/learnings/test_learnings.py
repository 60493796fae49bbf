"""Learnings are kept once, found by what they are about, and read and written in a host's forms."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import DAY, Severity, UsageError, parse_instant
from quorum.validation.learnings import (
    WORDS,
    Learning,
    Lesson,
    read_learnings,
    read_severity,
    relevant,
    with_learnings,
    written,
)

HOST = """\
# Learnings database

Some words of the host that are nobody's business.

## L-007: Funding eats carry (2025-01-14)
- **Source**: STR-003
- **Category**: costs
- **Severity**: CRITICAL
- **Keywords**: funding, carry; perp
- **Learning**: Carry on perpetuals paid more funding
  than it earned.
- **Action**: Leave it alone.
- **Frequency**: 3 times

## A heading of somebody else
untouched

ID | Date | Source | Severity | Lesson
---|---|---|---|---
L-008 | 2025-01-20 | STR-004 | high | Weekend gaps | hurt breakouts
| L-009 | 2025-01-21 | STR-005 | LOW | Thin books |
"""
DAY_1 = parse_instant("2025-03-01")
LESSON = Lesson(
    "STR-001", "SIGNAL_ISSUE", Severity.YELLOW, ("signal_frequency_low", "L1"), "Fewer bars", "It helped.", "Try it."
)


def test_both_forms_are_read() -> None:
    read = read_learnings(HOST)
    long, short, piped = read.learnings
    assert read.doubts == ()
    assert (long.learning_id, long.frequency, long.at) == ("L-007", 3, parse_instant("2025-01-14"))
    assert long.lesson == Lesson(
        "STR-003",
        "costs",
        Severity.BLACK,
        ("funding", "carry", "perp"),
        "Funding eats carry",
        "Carry on perpetuals paid more funding than it earned.",
        "Leave it alone.",
    )
    assert (short.lesson.severity, short.lesson.text) == (Severity.RED, "Weekend gaps | hurt breakouts")
    assert (piped.learning_id, piped.lesson.severity, piped.lesson.text) == ("L-009", Severity.INFO, "Thin books")


def test_what_is_odd_is_named_by_its_line() -> None:
    lines = "L-2 | 2025-99-01 | x | HIGH | y\nL-3 | short\nL-2 | 2025-01-01 | x | LOW | z\n"
    text = f"## L-1: A\n- **Severity**: awful\n\n{lines}"
    read = read_learnings(text)
    assert [one.learning_id for one in read.learnings] == ["L-1", "L-2"]
    assert read.learnings[0].lesson.severity is Severity.YELLOW
    assert [d.partition(":")[0] for d in read.doubts] == ["line 1"] * 7 + ["line 4", "line 5", "line 6"]


def test_new_entries_stand_behind_what_is_there() -> None:
    fresh = Learning("L-010", DAY_1, LESSON, 2)
    text = with_learnings(HOST, [fresh])
    assert text.startswith(HOST)
    assert read_learnings(text).learnings[-1] == Learning("L-010", DAY_1, LESSON, 2)
    assert with_learnings(text, [fresh]) == text


def test_of_an_entry_that_is_there_only_the_frequency_changes() -> None:
    known = read_learnings(HOST).learnings
    again = [Learning(one.learning_id, one.at, one.lesson, one.frequency + 1) for one in known]
    assert with_learnings(HOST, again) == HOST.replace("3 times", "4")
    assert with_learnings(HOST, known[1:]) == HOST


def test_an_empty_file_becomes_one() -> None:
    assert with_learnings("", [Learning("L-001", DAY_1, LESSON)]).startswith(
        "# Learnings\n\n## L-001: Fewer bars (2025"
    )
    assert with_learnings("", []) == "# Learnings\n"


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40)
LINES = TEXTS.map(lambda text: " ".join(text.split())).filter(lambda text: "**" not in text and text.strip() == text)
WORDS_OF = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
LESSONS = st.builds(
    Lesson,
    LINES,
    WORDS_OF,
    st.sampled_from(Severity),
    st.lists(WORDS_OF, max_size=4, unique=True).map(tuple),
    st.from_regex(r"[A-Za-z][A-Za-z ]{0,20}[A-Za-z]", fullmatch=True).map(lambda text: " ".join(text.split())),
    LINES,
    LINES,
)


@settings(max_examples=40)
@given(st.lists(LESSONS, max_size=4), st.integers(0, 20_000), st.integers(1, 99))
def test_what_is_written_is_read_again(lessons: list[Lesson], day: int, frequency: int) -> None:
    learnings = [Learning(f"L-{i:03d}", day * DAY, lesson, frequency) for i, lesson in enumerate(lessons)]
    assert read_learnings(with_learnings("", learnings)).learnings == tuple(learnings)


@given(st.text(max_size=200))
def test_no_text_makes_it_fail_and_no_line_is_lost(text: str) -> None:
    read_learnings(text)
    fresh = Learning("L-999", DAY_1, LESSON)
    if "L-999" not in text and text.strip():
        assert with_learnings(text, [fresh]).startswith(text)


def test_the_most_words_then_the_gravest_come_first() -> None:
    def of(identity: str, severity: Severity, *words: str, count: int = 1) -> Learning:
        return Learning(identity, 0, Lesson("", "c", severity, words, identity, ""), count)

    both, grave, often, rare, other = (
        of("L-5", Severity.INFO, "A", "b"),
        of("L-4", Severity.BLACK, "a"),
        of("L-3", Severity.RED, "a", count=9),
        of("L-2", Severity.RED, "b"),
        of("L-1", Severity.BLACK, "c"),
    )
    told = Learning("L-6", 0, Lesson("", "c", Severity.INFO, (), "about a", "and b"))
    assert relevant([rare, other, often, grave, both, told], {"a", "B"}) == (both, told, grave, often, rare)
    assert relevant([grave, both], {"a", "b"}, fewest=2) == (both,)


@given(LESSONS, st.integers(1, 99))
def test_a_learning_is_read_from_what_it_tells(lesson: Lesson, frequency: int) -> None:
    learning = Learning("L-001", DAY_1, lesson, frequency)
    assert Learning.read(learning.told()) == learning
    assert learning.told()["key"] == lesson.key


def test_every_word_of_severity_is_read() -> None:
    assert [read_severity(word.lower()) for word in WORDS.values()] == list(Severity)
    with pytest.raises(UsageError, match="there are LOW, MEDIUM, HIGH, CRITICAL"):
        read_severity("dreadful")


def test_a_title_of_several_lines_is_one_heading() -> None:
    text = written(Learning("L-001", 0, Lesson("", "c", Severity.RED, (), "two\n## lines", "a\n\nb")))
    assert text.splitlines()[0] == "## L-001: two ## lines"
    assert "- **Learning**: a b\n" in text
