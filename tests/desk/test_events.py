"""events.yaml: the windows around news, and what is refused at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from quorum.desk.settings import read_settings
from quorum.desk.settings.events import EVENTS_YAML, EventsFile
from quorum.domain import DAY, MINUTE, ConfigError, parse_instant

STATEMENT = parse_instant("2024-06-12T18:00:00Z")


def read(tmp_path: Path, text: str) -> EventsFile:
    path = tmp_path / "events.yaml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path, EventsFile)


def test_a_window_holds_its_ends(tmp_path: Path) -> None:
    found = read(tmp_path, "before_minutes: 30\nafter_minutes: 60\nevents: [{name: FOMC, at: 2024-06-12T18:00:00Z}]\n")
    for minutes, name in ((-31, None), (-30, "FOMC"), (0, "FOMC"), (60, "FOMC"), (61, None)):
        assert found.news("BTCUSDT", STATEMENT + minutes * MINUTE) == name


@pytest.mark.parametrize(
    "at",
    [
        "2024-06-12T18:00:00Z",
        "'2024-06-12T18:00:00Z'",
        "2024-06-12T14:00:00-04:00",
        "2024-06-12 18:00:00",
        "2024-06-12T20:00:00+02:00",
    ],
)
def test_times_are_utc_unless_they_say_otherwise(tmp_path: Path, at: str) -> None:
    assert read(tmp_path, f"events: [{{name: x, at: {at}}}]\n").events[0].at == STATEMENT


def test_a_date_is_its_first_instant(tmp_path: Path) -> None:
    found = read(tmp_path, "events: [{name: halving, at: 2024-04-20, after_minutes: 1440}]\n")
    assert found.events[0].at == parse_instant("2024-04-20")
    assert found.news("BTCUSDT", found.events[0].at + DAY) == "halving"


def test_news_of_a_symbol_is_no_news_of_others(tmp_path: Path) -> None:
    text = (
        "events: [{name: earnings, at: 2024-06-12T18:00:00Z, symbols: [AAPL], before_minutes: 0, after_minutes: 5}]\n"
    )
    found = read(tmp_path, text)
    assert (found.news("AAPL", STATEMENT), found.news("MSFT", STATEMENT)) == ("earnings", None)
    assert found.news("AAPL", STATEMENT - 1) is None


def test_what_is_written_first_holds_no_event_and_its_example_is_valid(tmp_path: Path) -> None:
    assert read(tmp_path, EVENTS_YAML) == EventsFile()
    head, _, example = EVENTS_YAML.partition("events: []\n")
    spelled = "\n".join(line.removeprefix("# ") for line in example.splitlines())
    assert [event.name for event in read(tmp_path, head + spelled).events] == ["FOMC statement", "earnings"]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("events: [{name: x, at: soon}]", "1:20", "is no date or time"),
        ("events: [{name: x, at: 12}]", "1:20", "needs a time"),
        ("events: [{name: x}]", "1:10", "is missing"),
        ("events:\n  - {name: x, at: 2024-06-12, after: 5}", "2:31", "unknown key 'events.0.after'"),
        ("before_minutes: -1", "1:1", "greater than or equal to 0"),
        ("evnts: []", "1:1", "did you mean 'events'?"),
    ],
)
def test_what_is_wrong_is_refused_at_its_place(tmp_path: Path, text: str, where: str, what: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert f"events.yaml:{where}: " in str(refused.value)
    assert what in str(refused.value)
