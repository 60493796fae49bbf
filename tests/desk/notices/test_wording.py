"""What a message says: which notice it is, what is to be done, and no more than a screen holds."""

from __future__ import annotations

from desk.notices.happenings import noticed, on_its_way
from quorum.desk.notices import Event, Form, message, trial_message
from quorum.domain import Severity

DETAILS = {"loss": 0.047, "book": "crypto", "by": {"symbol": "BTCUSDT"}}


def test_a_message_names_its_notice_says_all_and_what_to_do() -> None:
    told = noticed(Event.DRAWDOWN_WARNING, 7, summary="Weekly drawdown\nnear its limit", details=DETAILS)
    made = message([on_its_way(told)], Form.FULL)
    assert made.title == "[RED] Weekly drawdown near its limit (NOT-20240603-007)"
    assert made.body.splitlines() == [
        "Weekly drawdown",
        "near its limit",
        "loss: 0.047",
        "book: crypto",
        'by: {"symbol": "BTCUSDT"}',
        "To do: Reduce position sizes",
        "To stop reminders: quorum notices ack NOT-20240603-007 --by NAME",
        "NOT-20240603-007, 2024-06-03T12:00:00Z, drawdown_warning, priority high",
    ]
    assert made.documents == (told.document() | {"reminder": 0},)


def test_a_short_one_leaves_the_details_out() -> None:
    short = message([on_its_way(noticed(Event.TRADE_OPPORTUNITY, details=DETAILS))], Form.SHORT)
    assert short.title == "[INFO] Risk let a signal pass. (1) (NOT-20240603-001)"
    assert short.body == "To do: Confirm trade execution"
    assert message([on_its_way(noticed(Event.RESUMED))], Form.SHORT).body == "system_state"


def test_a_reminder_says_which_it_is() -> None:
    assert message([on_its_way(noticed(Event.HALTED), number=3)], Form.FULL).title.startswith("[BLACK, reminder 3] ")


def test_many_notices_are_one_message_that_lists_them() -> None:
    events = [Event.DRAWDOWN_WARNING] + [Event.AGENT_FAILED] * 59
    made = message([on_its_way(noticed(event, n)) for n, event in enumerate(events)], Form.FULL)
    lines = made.body.splitlines()
    assert made.title.startswith("[RED] 60 messages, the first: A loss comes near")
    assert made.severity == Severity.RED
    assert len(made.documents) == 60
    assert len(lines) == 41
    assert lines[1].startswith("[YELLOW] 2024-06-03T12:00:00Z An agent gave no answer. (1) (NOT-20240603-001)")
    assert lines[-1] == "and 20 more: quorum notices"


def test_a_flood_of_words_is_cut() -> None:
    told = noticed(summary="x" * 100_000, details={"y": "z" * 100_000})
    made = message([on_its_way(told)], Form.FULL)
    assert len(made.title) < 200
    assert max(map(len, made.body.splitlines()[1:])) < 520


def test_a_trial_says_that_nothing_has_happened() -> None:
    assert trial_message("slack", 0).title == "[INFO] Channel slack works"
