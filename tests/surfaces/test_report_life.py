"""The chapter of the strategy's life: every idea's way, the question with its evidence, a mending, a meeting."""

from __future__ import annotations

from dataclasses import replace

from quorum.surfaces.report import (
    FixLine,
    GateLine,
    IdeaLine,
    LifeStory,
    MeetingStory,
    MendedStory,
    ProposalLine,
    ReadyStory,
    RejectedStory,
    TierMark,
    desk_report,
)
from surfaces.pages import Reader, made_story

HOSTILE = "</td><script>alert('x')</script><img src=http://evil.example/a onerror=alert(1)>"


def marks(*words: str) -> tuple[TierMark, ...]:
    return tuple(map(TierMark, ("L0", "L1", "L2", "L3"), (*words, "", "", "", "")))


FIX = FixLine(1, "ml-engineer", "reduce_leverage", "size 1 → 0.45", "max_drawdown", 0.37, 0.17, 0.25, "passed", 7)
READY = ReadyStory(
    "STR-001",
    "STR-001 dip on AUSDT 4h: 20 % of account paper.",
    (GateLine("L2", "oos_sharpe", "3.401", ">= 1", "passed"), GateLine("L3", "sharpe_low", "n/a", "> 0", "failed")),
    3.4,
    (0.0018, 0.0012, 0.00235),
    ((30, -0.0277, 0.1393),),
    1_046,
    "raised no doubt that held",
    "agrees to 20 % of the book",
)
MENDED = MendedStory("STR-002", "L2", "max_drawdown was 0.37 where 0.25 is asked for", (FIX,), "it helps (L-001)")
REJECTED = RejectedStory("STR-003", "no edge", (replace(FIX, outcome="failed"),), "L-002", "nothing helps", "Move on")
MEETING = MeetingStory("MTG-1", "open", (ProposalLine("maverick", "Buy.", "trend", "novel", 0.5, "STR-009"),), 16, "")
STORY = LifeStory(
    "VAL-1",
    "4 checks",
    (
        IdeaLine("STR-001", "dip", "It comes back.", "it does", marks(*["passed"] * 4), "AWAITING_HUMAN", "ask me"),
        IdeaLine("STR-003", "trend", "It goes on.", "noise", marks("passed", "failed"), "REJECTED", "no edge"),
    ),
    READY,
    MENDED,
    REJECTED,
    MEETING,
)


def test_the_chapter_tells_ideas_question_mending_rejection_and_meeting() -> None:
    text = Reader(desk_report(made_story(life=STORY))).text
    for fact in (
        "2 ideas went from the queue up the tiers: 1 came to the question whether to deploy it, one of them once",
        "STR-001 dip It comes back. it does passed passed passed passed AWAITING_HUMAN ask me",
        "STR-003 trend It goes on. noise passed failed REJECTED no edge",
        "18.0 basis points a day, 95 % within 12.0 and 23.5",
        "-2.77% to 13.93%, 95 of 100 times",
        "1,046 of its family",
        "L2 oos_sharpe 3.401 >= 1 passed",
        "L3 sharpe_low n/a > 0 failed",
        "quorum deploy STR-001",
        "It failed L2: max_drawdown was 0.37",
        "1 ml-engineer reduce_leverage: size 1 → 0.45 max_drawdown 0.37 0.17 0.25 passed 7",
        "Learnt, as L-002 : nothing helps. Move on.",
        "Shown are 1 of 16 proposals",
        "maverick Buy. trend novel 0.50 STR-009",
    ):
        assert fact in text
    assert "strategy's life" not in Reader(desk_report(made_story())).text


def test_what_did_not_come_to_pass_is_left_out() -> None:
    bare = replace(STORY, ready=None, mended=None, rejected=None)
    text = Reader(desk_report(made_story(life=bare))).text
    for left_out in ("Ask me to deploy", "Mended", "Learnt"):
        assert left_out not in text
    assert "MTG-1" in text


def test_hostile_words_stay_words() -> None:
    fix = replace(FIX, agent=HOSTILE, action=HOSTILE, changes=HOSTILE, metric=HOSTILE, outcome=HOSTILE)
    ready = replace(READY, strategy_id=HOSTILE, question=HOSTILE, critic=HOSTILE, risk=HOSTILE)
    idea = IdeaLine(HOSTILE, HOSTILE, HOSTILE, HOSTILE, (TierMark(HOSTILE, HOSTILE),), HOSTILE, HOSTILE)
    story = LifeStory(
        HOSTILE,
        HOSTILE,
        (idea,),
        replace(ready, gates=(GateLine(*[HOSTILE] * 5),)),
        MendedStory(HOSTILE, HOSTILE, HOSTILE, (fix,), HOSTILE),
        RejectedStory(HOSTILE, HOSTILE, (fix,), HOSTILE, HOSTILE, HOSTILE),
        MeetingStory(HOSTILE, HOSTILE, (ProposalLine(*[HOSTILE] * 4, 1.0, HOSTILE),), 1, HOSTILE),
    )
    clean, bad = (Reader(desk_report(made_story(life=s))) for s in (STORY, story))
    assert "img" not in bad.tags
    assert bad.tags.count("script") == clean.tags.count("script")
