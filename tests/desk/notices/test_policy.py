"""Who is told, when, and how often."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.notices.happenings import BY_SEVERITY, NOON, noticed, on_its_way
from quorum.desk.notices import (
    EVENTS,
    LOG,
    ChannelRule,
    Digest,
    Event,
    Policy,
    QuietHours,
    Rate,
    Repeats,
    Retries,
    first_send,
    next_round,
    next_try,
    quiet_until,
    route,
    sort_out,
)
from quorum.desk.notices.policy import next_local
from quorum.domain import HOUR, MINUTE, SECOND, Severity, iso, parse_instant

CHANNELS = (
    ChannelRule("email"),
    ChannelRule("slack", min_priority=Severity.RED),
    ChannelRule("trades", events=frozenset({Event.TRADE_EXECUTED})),
    ChannelRule("sms", enabled=False),
)
POLICY = Policy(CHANNELS)
ZONES = st.sampled_from(["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
TIMES = st.times().map(lambda t: t.replace(second=0, microsecond=0))
INSTANTS = st.integers(parse_instant("2024-01-01"), parse_instant("2025-12-31")).map(lambda i: i // SECOND * SECOND)


@pytest.mark.parametrize(
    ("event", "channels"),
    [
        (Event.WORKFLOW_DEGRADED, []),
        (Event.RISK_VETO, ["email"]),
        (Event.AGENT_FAILED, ["email"]),
        (Event.TRADE_EXECUTED, ["email", "trades"]),
        (Event.TRADE_OPPORTUNITY, ["email", "slack"]),
        (Event.DRAWDOWN_WARNING, ["email", "slack"]),
        (Event.HALTED, ["email", "slack", "trades", "sms"]),
    ],
)
def test_the_log_takes_everything_and_the_worst_goes_everywhere(event: Event, channels: list[str]) -> None:
    assert route(noticed(event), 0, POLICY) == (LOG, *channels)


def test_a_log_only_event_that_is_bad_this_time_is_told_to_people() -> None:
    assert route(noticed(Event.BACKUP_DONE, severity=Severity.YELLOW), 0, POLICY) == (LOG, "email")


def test_reminders_reach_further_each_time() -> None:
    red = noticed(Event.DRAWDOWN_WARNING)
    assert [len(route(red, number, POLICY)) for number in range(5)] == [3, 3, 4, 5, 5]
    assert "sms" not in route(red, 2, POLICY)
    assert "sms" in route(red, 3, POLICY)


def test_that_a_channel_takes_nothing_is_not_told_to_that_channel() -> None:
    failed = noticed(Event.DELIVERY_FAILED, details={"channel": "email"}, severity=Severity.BLACK)
    assert route(failed, 0, POLICY) == (LOG, "slack", "trades", "sms")


def test_reminders_go_on_until_somebody_acknowledges() -> None:
    red = noticed(Event.DRAWDOWN_WARNING)
    assert next_round(red, 1000, NOON, POLICY) == NOON + 15 * MINUTE
    assert next_round(noticed(Event.AGENT_FAILED), 0, NOON, POLICY) is None
    assert next_round(red, 2, NOON, Policy(repeats=Repeats(most=2))) is None
    assert next_round(red, 1, NOON, Policy(repeats=Repeats(most=2, every=HOUR))) == NOON + HOUR
    assert next_round(red, 0, NOON, Policy(repeats=None)) is None


def test_pauses_grow_to_a_bound_and_then_it_has_failed() -> None:
    retries = Retries(tries=6, first=5 * SECOND, factor=2, longest=30 * SECOND)
    pauses = [next_try(n, NOON, retries) for n in range(1, 7)]
    assert pauses == [*(NOON + s * SECOND for s in (5, 10, 20, 30, 30)), None]
    assert next_try(99, NOON, Retries(tries=100, factor=10)) == NOON + 15 * MINUTE


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2024-06-03T19:59:59Z", None),  # 21:59:59 in Berlin
        ("2024-06-03T20:00:00Z", "2024-06-04T05:00:00Z"),
        ("2024-06-04T04:59:59Z", "2024-06-04T05:00:00Z"),
        ("2024-06-04T05:00:00Z", None),
        ("2024-03-31T00:30:00Z", "2024-03-31T05:00:00Z"),  # the night with an hour less
        ("2024-10-27T00:30:00Z", "2024-10-27T06:00:00Z"),  # the night with an hour more
    ],
)
def test_quiet_hours_are_local_and_what_is_black_breaks_them(now: str, until: str | None) -> None:
    policy = Policy(zone="Europe/Berlin", quiet=QuietHours(time(22), time(7)))
    found = quiet_until(noticed(Event.DRAWDOWN_WARNING), parse_instant(now), policy)
    assert (None if found is None else iso(found)) == until
    assert quiet_until(noticed(Event.HALTED), parse_instant(now), policy) is None


def test_quiet_hours_may_lie_within_a_day_and_let_red_through_where_asked() -> None:
    policy = Policy(quiet=QuietHours(time(11), time(13), Severity.RED))
    assert quiet_until(noticed(Event.AGENT_FAILED), NOON, policy) == NOON + HOUR
    assert quiet_until(noticed(Event.DRAWDOWN_WARNING), NOON, policy) is None


def test_a_time_that_a_day_leaves_out_is_not_left_out() -> None:
    night = parse_instant("2024-03-31T00:00:00Z")  # London goes from 01:00 to 02:00
    assert iso(next_local((time(1, 30),), night, "Europe/London")) == "2024-03-31T01:30:00Z"
    twice = parse_instant("2024-10-27T00:00:00Z")  # and back from 02:00 to 01:00
    first = next_local((time(1, 30),), twice, "Europe/London")
    assert iso(first) == "2024-10-27T00:30:00Z"
    assert iso(next_local((time(1, 30),), first, "Europe/London")) == "2024-10-27T01:30:00Z"


@given(INSTANTS, ZONES, TIMES, TIMES)
def test_quiet_hours_end_and_last_less_than_a_day_and_an_hour(now: int, zone: str, start: time, end: time) -> None:
    if start == end:
        return
    policy = Policy(zone=zone, quiet=QuietHours(start, end))
    until = quiet_until(noticed(Event.AGENT_FAILED), now, policy)
    local = datetime.fromtimestamp(now / SECOND, ZoneInfo(zone)).time()
    inside = start <= local < end if start < end else not end <= local < start
    assert (until is not None) == inside
    assert until is None or now < until <= now + 25 * HOUR


@given(INSTANTS, ZONES, st.lists(TIMES, min_size=1, max_size=3))
def test_a_digest_comes_within_a_day_and_an_hour(now: int, zone: str, at: list[time]) -> None:
    policy = Policy(zone=zone, digest=Digest(tuple(at)))
    sent = first_send(noticed(Event.RISK_VETO), "email", 0, now, policy)
    assert now < sent <= now + 25 * HOUR
    assert first_send(noticed(Event.RISK_VETO), LOG, 0, now, policy) == now
    assert first_send(noticed(Event.AGENT_FAILED), "email", 0, now, policy) == now


SEVERITIES = st.lists(st.sampled_from(Severity), max_size=40)


@given(SEVERITIES, st.integers(0, 25), st.integers(1, 10))
def test_nothing_is_dropped_and_the_rate_is_kept(found: list[Severity], already: int, rate: int) -> None:
    due = [on_its_way(noticed(BY_SEVERITY[s], n)) for n, s in enumerate(found)]
    sent = {"email": [NOON - HOUR + 1 + n * MINUTE for n in range(already)]}
    policy = Policy(CHANNELS, digest=Digest((time(8),)), rate=Rate(rate))
    plan = sort_out(due, sent, policy, NOON)
    out = [d for parcel in plan.parcels for d in parcel.deliveries]
    late = [d for d, _ in plan.postponed]
    assert sorted(map(id, [*out, *late])) == sorted(map(id, due))
    assert all(d.notice.severity < Severity.RED for d in late)
    assert all(NOON < until <= NOON + HOUR for _, until in plan.postponed)
    assert len(plan.parcels) <= max(1, rate - already)
    assert [p.deliveries[0].notice.severity for p in plan.parcels] == sorted(
        (p.deliveries[0].notice.severity for p in plan.parcels), reverse=True
    )
    if already == 0:
        assert late == [] or len(plan.parcels) == rate or any(d.notice.severity >= Severity.RED for d in out)


@given(SEVERITIES, st.integers(0, 25), st.integers(1, 5))
def test_what_waits_has_room_when_its_time_comes(found: list[Severity], already: int, rate: int) -> None:
    due = [on_its_way(noticed(BY_SEVERITY[s], n)) for n, s in enumerate(found)]
    sent = [NOON - HOUR + 1 + n * MINUTE for n in range(already)]
    plan = sort_out(due, {"email": sent}, Policy(CHANNELS, rate=Rate(rate)), NOON)
    for _, until in plan.postponed:
        lately = [at for at in [*sent, *(NOON for _ in plan.parcels)] if at > until - HOUR]
        assert len(lately) < rate


def test_the_rest_becomes_one_message_and_low_priority_is_collected() -> None:
    due = [on_its_way(noticed(Event.AGENT_FAILED, n)) for n in range(6)]
    plan = sort_out(due, {}, Policy(CHANNELS, rate=Rate(3)), NOON)
    assert [len(p.deliveries) for p in plan.parcels] == [1, 1, 4]
    low = [on_its_way(noticed(Event.RISK_VETO, n)) for n in range(6)]
    collected = sort_out([*due, *low], {}, Policy(CHANNELS, digest=Digest((time(8),))), NOON)
    assert [len(p.deliveries) for p in collected.parcels] == [1] * 6 + [6]


def test_the_log_waits_for_nothing() -> None:
    due = [on_its_way(noticed(event, n), LOG) for n, event in enumerate(EVENTS)]
    night = Policy(CHANNELS, quiet=QuietHours(time(0), time(23)), rate=Rate(1), digest=Digest((time(8),)))
    plan = sort_out(due, {LOG: [NOON - 1] * 99}, night, NOON)
    assert [len(p.deliveries) for p in plan.parcels] == [len(EVENTS)]
    assert plan.postponed == ()
