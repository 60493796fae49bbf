"""The coordinator's chapter: one run on a line of time, its vote, an answer, the agents, and hostile words in all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quorum.surfaces.report import (
    AgentLine,
    AnswerStory,
    CoordinatorStory,
    DecisionLine,
    RunStory,
    StepLine,
    desk_report,
)
from quorum.surfaces.report.chapters.coordinator import coordinator_chapter
from surfaces.pages import Reader, made_decision, made_story

HOSTILE = "</td><script>alert('x')</script><img src=http://evil.example/a onerror=alert(1)>"
STEPS = (
    StepLine("1.latest", "completed", 0.0, 2.0, ("data-pipeline-manager",)),
    StepLine("2.analysis", "degraded", 3.0, 4.0, ("smc-pattern-recognizer", "momentum-analyst"), "no answer in 30 s"),
    StepLine("3.vote", "failed", 8.0, 2.0, ("signal-evaluator",)),
)
RUN = RunStory(
    "WF-20240101-001",
    "realtime_signal_generation",
    "degraded",
    STEPS,
    made_decision(),
    "tier B, 0.71: TRADE",
    (("ml_model", "abstained: no model"),),
)
ANSWER = AnswerStory(
    "APR-20240101-001",
    "WF-20240101-002",
    "bullish consensus: buy 1 BTCUSDT",
    "100 USDT",
    "2024-01-01T05:00:00Z",
    "2024-01-01T09:00:00Z",
    "rejected",
    "ada",
    "2024-01-01T05:05:00Z",
    "news at six",
    "none: it was not agreed to",
)
AGENTS = (
    AgentLine("momentum-analyst", "Reads moves.", "healthy", 25, 0.96, 0.0046, 0.0102),
    AgentLine("risk-manager", "Keeps the limits.", "unavailable", 2, None, None, None, "quant-analyst"),
)
STORY = CoordinatorStory(26, 4, RUN, ANSWER, AGENTS, (DecisionLine("DEC-20240101-002", "risk", "every limit holds"),))


def test_the_chapter_tells_run_vote_answer_and_agents() -> None:
    text = Reader(desk_report(made_story(coordinator=STORY))).text
    for fact in (
        "26 durable runs",
        "4 orders came of them. One run put its trade to a person: rejected.",
        "realtime_signal_generation for BTCUSDT at 2024-01-01T05:00:00Z: degraded in 10.0 ms",
        "2.analysis smc-pattern-recognizer, momentum-analyst degraded 4.0 no answer in 30 s",
        "tier B, 0.71: TRADE",
        "ml_model: abstained: no model",
        "rejected by ada at 2024-01-01T05:05:00Z: news at six",
        "healthy 25 96.00% 4.6 ms 10.2 ms none",
        "unavailable 2 quant-analyst",
        "DEC-20240101-002 risk every limit holds",
    ):
        assert fact in text
    assert "coordinator" not in Reader(desk_report(made_story())).text


def test_a_step_lies_on_the_line_of_time_where_it_was() -> None:
    lanes = coordinator_chapter(STORY).lanes
    assert [(lane.left, lane.width, lane.tone) for lane in lanes] == [
        (0.0, 20.0, "gain"),
        (30.0, 40.0, ""),
        (80.0, 20.0, "loss"),
    ]


@pytest.mark.parametrize("steps", [(), (StepLine("1.latest", "skipped", 0.0, 0.0),)])
def test_a_run_without_time_is_drawn(steps: tuple[StepLine, ...]) -> None:
    story = replace(STORY, run=replace(RUN, steps=steps, absent=()), answer=None, agents=(), decisions=())
    text = Reader(desk_report(made_story(coordinator=story))).text
    assert "in 0.0 ms" in text
    assert "Absent nobody" in text
    for left_out in ("A person's word", "Substitute", "Decisions on record"):
        assert left_out not in text


def test_hostile_words_stay_words() -> None:
    step = StepLine(HOSTILE, HOSTILE, 0.0, 1.0, (HOSTILE,), HOSTILE)
    run = RunStory(HOSTILE, HOSTILE, HOSTILE, (step,), made_decision(symbol=HOSTILE), HOSTILE, ((HOSTILE, HOSTILE),))
    answer = AnswerStory(*[HOSTILE] * 11)
    agent = AgentLine(HOSTILE, HOSTILE, HOSTILE, 1, 1.0, 1.0, 1.0, HOSTILE)
    story = CoordinatorStory(1, 1, run, answer, (agent,), (DecisionLine(HOSTILE, HOSTILE, HOSTILE),))
    clean, bad = (Reader(desk_report(made_story(coordinator=s))) for s in (STORY, story))
    assert "img" not in bad.tags
    assert bad.tags.count("script") == clean.tags.count("script")
