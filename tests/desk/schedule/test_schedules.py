"""schedule.yaml: what it arms, what it refuses and where, and how it is switched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from desk.schedule.runs import MINUTELY, SPEC, START, Bench, WoundClock, scheduled
from quorum.desk.schedule import (
    MemoryTicks,
    Patience,
    Schedule,
    Tick,
    TickStatus,
    overview,
    read_schedules,
    set_enabled,
)
from quorum.desk.schedule.plan import request_of
from quorum.desk.settings import read_settings
from quorum.desk.settings.schedule import SCHEDULE_YAML, ScheduleFile
from quorum.desk.workflows import WorkflowSpec
from quorum.desk.workflows.spec import Cron, OnEvent, Parameter, Session
from quorum.domain import MINUTE, SECOND, ConfigError, NotFound, iso

DAY_SPEC = replace(
    SPEC,
    name="daily",
    triggers=(Cron("0 0 * * *"), Session("XNYS", "open", -60), OnEvent("alert")),
    params=(Parameter("symbol", "symbol", required=True), Parameter("timeframe", "timeframe", "1h")),
    missed="run_once",
)
SPECS: Mapping[str, WorkflowSpec | ConfigError] = {
    "look": replace(SPEC, triggers=(MINUTELY,)),
    "daily": DAY_SPEC,
    "plain": replace(SPEC, name="plain"),
    "broken": ConfigError("broken.yaml:3:1: no step", "write one"),
}


def written(folder: Path, text: str) -> Path:
    path = folder / "schedule.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def one(folder: Path, lines: str) -> Schedule | ConfigError:
    """The schedule `mine` of a file with these lines."""
    body = "".join(f"    {line}\n" for line in lines.splitlines())
    return read_schedules(written(folder, f"schedules:\n  mine:\n{body}"), SPECS)["mine"]


def armed(folder: Path, lines: str) -> Schedule:
    found = one(folder, lines)
    assert isinstance(found, Schedule), found
    return found


def test_in_a_new_workspace_the_validation_alone_runs_by_itself(tmp_path: Path) -> None:
    """It costs time of the machine, and trades nothing."""
    path = written(tmp_path, SCHEDULE_YAML)
    specs = {"parallel_validation": replace(SPEC, name="parallel_validation", triggers=(MINUTELY,))}
    found = read_schedules(path, specs)
    assert list(found) == ["validation"]
    assert isinstance(found["validation"], Schedule)
    assert (found["validation"].spec.name, found["validation"].enabled) == ("parallel_validation", True)
    assert read_settings(path, ScheduleFile).model_copy(update={"schedules": {}}) == ScheduleFile()
    assert read_schedules(tmp_path / "absent.yaml", SPECS) == {}


def test_the_commented_examples_are_schedules(tmp_path: Path) -> None:
    examples = [line.removeprefix("# ") for line in SCHEDULE_YAML.splitlines() if line.startswith("#   ")]
    sections = read_settings(written(tmp_path, "\n".join(["schedules:", *examples])), ScheduleFile).schedules
    assert list(sections) == ["btc", "morning", "opening", "deployed", "retrain", "on_drift"]
    assert not any(section.enabled for section in sections.values())


def test_what_a_schedule_does_not_say_is_as_the_workflow_says(tmp_path: Path) -> None:
    found = armed(tmp_path, "workflow: look")
    assert found == Schedule(
        "mine", found.spec, (MINUTELY,), {"symbol": "BTCUSDT", "timeframe": "1m"}, "skip", "skip", False
    )
    other = armed(
        tmp_path, "workflow: look\nenabled: true\nmissed: run_all\noverlap: cancel\nparams: {symbol: ETHUSDT}"
    )
    assert (other.enabled, other.missed, other.overlap, other.params["symbol"]) == (
        True,
        "run_all",
        "cancel",
        "ETHUSDT",
    )


def test_a_schedule_says_whether_its_runs_trade(tmp_path: Path) -> None:
    """Unattended as by hand: live differs by a word of configuration."""
    for line, expected in (("", "notify"), ("\nexecution: paper", "paper"), ("\nexecution: live", "live")):
        found = armed(tmp_path, f"workflow: look{line}")
        tick = Tick("mine", START, TickStatus.CLAIMED, START)
        assert request_of(found, tick)["execution"] == expected
        (shown,) = overview({"mine": found}, MemoryTicks(WoundClock()), START, lambda params: None)
        assert shown["execution"] == expected


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("BTCUSDT", Cron("0 0 * * *")),
        ("BTCUSDT.binance", Cron("0 0 * * *")),
        ("AAPL", Session("XNYS", "open", -60)),
        ("BRK-B", Session("XNYS", "open", -60)),
    ],
)
def test_the_start_of_the_trading_day_is_that_of_the_symbol(
    tmp_path: Path, symbol: str, expected: Cron | Session
) -> None:
    found = armed(tmp_path, f"workflow: daily\nparams: {{symbol: {symbol}}}")
    assert found.triggers == (expected, OnEvent("alert"))
    assert found.timed == (expected,)
    assert found.missed == "run_once"


@pytest.mark.parametrize(
    ("trigger", "expected", "words"),
    [
        (
            "{cron: '0 3 * * SUN', timezone: Europe/London}",
            Cron("0 3 * * SUN", "Europe/London"),
            "cron 0 3 * * SUN Europe/London",
        ),
        (
            "{cron: '* * * * *', bars: closed, grace_seconds: 5}",
            Cron("* * * * *", "UTC", True, 5.0),
            "cron * * * * * UTC bars",
        ),
        (
            "{session: {calendar: XNYS, at: close, offset_minutes: 15, only: last_of_week}}",
            Session("XNYS", "close", 15, "last_of_week"),
            "session XNYS close +15 min last_of_week",
        ),
        ("{event: drift}", OnEvent("drift"), "event drift"),
    ],
)  # fmt: skip
def test_a_trigger_of_its_own(tmp_path: Path, trigger: str, expected: object, words: str) -> None:
    found = armed(tmp_path, f"workflow: plain\ntrigger: {trigger}")
    assert found.triggers == (expected,)
    assert found.written == [words]


@pytest.mark.parametrize(
    ("lines", "place", "message"),
    [
        ("workflow: lok", "3:5", "there is no workflow 'lok', did you mean 'look'?"),
        ("workflow: broken", "3:5", "workflow broken cannot be read: broken.yaml:3:1: no step"),
        ("workflow: plain", "3:5", "plain has no trigger of its own"),
        ("workflow: plain\ntrigger: {event: drfit}", "4:5", "there is no event 'drfit', did you mean 'drift'?"),
        ("workflow: look\nparams: {symbl: X}", "4:5", "look has no parameter 'symbl', did you mean 'symbol'?"),
        ("workflow: daily", "2:3", "daily needs symbol"),
        ("workflow: daily\nparams: {symbol: BTCUSDT, timeframe: 7x}", "4:5", "7x"),
    ],
)
def test_what_is_wrong_with_one_schedule_stands_in_its_place(
    tmp_path: Path, lines: str, place: str, message: str
) -> None:
    found = one(tmp_path, lines)
    assert isinstance(found, ConfigError)
    assert f"schedule.yaml:{place}: schedule mine: " in found.found
    assert message in str(found)


@pytest.mark.parametrize(
    ("lines", "place", "message"),
    [
        ("workflow: look\ntrigger: {cron: '* * * *'}", "4:15", "a cron expression has five fields"),
        ("workflow: look\ntrigger: {cron: 'R * * * *'}", "4:15", "a cron expression has five fields"),
        ("workflow: look\ntrigger: {cron: '@daily'}", "4:15", "a cron expression has five fields"),
        ("workflow: look\ntrigger: {cron: '0 3 * * *', timezone: Mars/One}", "4:34", "a time zone is written as"),
        ("workflow: look\ntrigger: {session: {calendar: XNYZ}}", "4:25", "there is no calendar 'XNYZ'"),
        ("workflow: look\ntrigger: {session: {calendar: XNYS, only: never}}", "4:41", "must be 'every'"),
        ("workflow: look\ntrigger: {cron: '0 3 * * *', event: drift}", "4:5", "one of cron, session and event"),
        ("workflow: look\ntrigger: {timezone: UTC}", "4:5", "one of cron, session and event"),
        ("workflow: look\ntrigger: {event: drift, bars: closed}", "4:5", "bars does not go with event"),
        ("workflow: look\ntrigger: {event: drift, condition: 'import os'}", "4:29", "column"),
        ("workflow: look\nmised: skip", "4:5", "unknown key 'schedules.mine.mised', did you mean 'missed'?"),
        ("workflow: look\nmissed: later", "4:5", "must be 'run_once', 'run_all' or 'skip'"),
        ("workflow: look\nexecution: real", "4:5", "must be 'notify', 'paper' or 'live'"),
        ("enabled: true", "2:3", "schedules.mine.workflow: is missing"),
    ],
)
def test_what_no_schedule_can_say_is_refused_with_its_place(
    tmp_path: Path, lines: str, place: str, message: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        one(tmp_path, lines)
    assert f"schedule.yaml:{place}: " in str(refusal.value)
    assert message in str(refusal.value)


def test_a_name_is_a_word(tmp_path: Path) -> None:
    path = written(tmp_path, "schedules:\n  'a b': {workflow: look}\n")
    with pytest.raises(ConfigError, match="'a b' is no name for a schedule"):
        read_schedules(path, SPECS)


def test_the_patience_is_as_the_file_says(tmp_path: Path) -> None:
    path = written(tmp_path, "late_seconds: 2.5\nmissed_after_seconds: 30\nqueue_at_most: 3\n")
    assert Patience.of(read_settings(path, ScheduleFile)) == Patience(2_500_000_000, 30 * SECOND, 3)


def test_switching_keeps_every_comment(tmp_path: Path) -> None:
    text = "# mine\nschedules:\n  mine:            # the one\n    workflow: look  # each minute\n"
    path = written(tmp_path, text)
    assert set_enabled(path, "mine", True)
    assert path.read_text(encoding="utf-8") == text + "    enabled: true\n"
    assert not set_enabled(path, "mine", True)
    assert set_enabled(path, "mine", False)
    assert path.read_text(encoding="utf-8") == text + "    enabled: false\n"
    with pytest.raises(NotFound, match="there is no schedule 'mien', did you mean 'mine'"):
        set_enabled(path, "mien", True)


def test_the_overview_shows_next_and_last_and_counts(tmp_path: Path) -> None:
    bench = Bench()
    schedule = scheduled()
    for minutes in (0, 1, 2, 10):
        bench.look(schedule, at=START + minutes * MINUTE)
    shown, broken = overview(
        {"mine": schedule, "bad": ConfigError("x", "y")}, bench.ticks, bench.clock.now(), lambda _: None
    )
    assert broken == {"schedule": "bad", "enabled": False, "error": "x; y"}
    assert shown["next_due"] == "2024-06-03T12:11:00Z"
    assert (shown["missed"], shown["skipped"], shown["waiting"]) == (7, 2, 0)
    assert shown["last"] == {
        "due_at": "2024-06-03T12:10:00Z",
        "status": "skipped",
        "seen_at": "2024-06-03T12:10:00Z",
        "lateness_seconds": 0.0,
        "workflow_id": None,
        "reason": "WF-20240603-001 still runs",
        "count": 1,
    }
    assert shown["policies"] == {"missed": "skip", "overlap": "skip"}


@pytest.mark.parametrize(
    ("cron", "length", "expected"),
    [
        ("* * * * *", "1h", 60),
        ("* * * * *", "1m", 1),
        ("*/20 * * * *", "1h", 60),
        ("5 * * * *", "1h", 5),
        ("5 21 * * *", "1d", 545),
    ],
)
def test_the_next_tick_shown_is_one_with_a_bar_to_wait_for(cron: str, length: str, expected: int) -> None:
    found = scheduled(Cron(cron, bars=True), params={"symbol": "BTCUSDT", "timeframe": length})
    (shown,) = overview({"mine": found}, Bench().ticks, START, lambda _: START)
    assert shown["next_due"] == iso(START + expected * MINUTE)


def test_the_guide_shows_schedules_that_can_be_read(checkout: Path, tmp_path: Path) -> None:
    guide = (checkout / "docs" / "guides" / "operations.md").read_text(encoding="utf-8")
    text = guide.split("```yaml\n")[1].split("```")[0]
    file = read_settings(written(tmp_path, text), ScheduleFile)
    assert list(file.schedules) == ["btc", "opening", "retrain"]
    assert (file.late_seconds, file.missed_after_seconds, file.queue_at_most) == (10, 60, 100)
