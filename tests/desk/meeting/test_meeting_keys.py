"""meeting.yaml: every key has an effect that is seen here; what is wrong is refused at its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from ruamel.yaml import YAML

from desk.keys import keys
from desk.meeting.halls import configure, hall, opened
from quorum.desk import Desk
from quorum.desk.meeting import Convened, meeting_settings, run_meeting
from quorum.desk.meeting.fakes import Scripted
from quorum.desk.meeting.market import bars_until, held_back, offers
from quorum.desk.settings.meeting import MEETING_YAML, MeetingFile
from quorum.discovery import Proposal
from quorum.domain import ConfigError, UsageError
from quorum.validation.life import Idea, Status

Look = Callable[[Desk], object]
OFF = {"enabled": False}
ONE = {"strategist": {}, "maverick": OFF, "data_curious": OFF}
NONE = {"strategist": OFF, "maverick": OFF, "data_curious": OFF}
MODEL = {**NONE, "maverick": {"model": "test:one"}}
FEW = {"seats": MODEL, "proposals_per_seat": 1}
SPEC = {"name": "from_a_model", "long": "close > sma(close, 30)", "exit_long": "close < sma(close, 30)"}
SAID = Proposal(SPEC, ("BTCUSDT",), "1d", "It says why at some length.", "maverick")
KNOWN = Idea({**SPEC, "name": "known"}, ("ETHUSDT",), "1d", "sim")


def meant(told: Mapping[str, Any]) -> object:
    """What a meeting came to."""
    return told["theme"], told["selected"], told["rejected"], [(s["seat"], s["spoke"]) for s in told["seats"]]


def status(desk: Desk) -> object:
    return run_meeting(desk, Convened(dry_run=True)).told["status"]


def held(desk: Desk) -> object:
    """What a meeting of the strategist alone comes to."""
    return meant(run_meeting(desk, Convened(seed=3, dry_run=True)).told)


def told(desk: Desk) -> object:
    """What a meeting makes of an idea that it is told, beside one that is known."""
    desk.life.queue.add([KNOWN], "test")
    found = run_meeting(desk, Convened(seed=3, dry_run=True), Scripted(SAID)).told
    (proposal,) = found["proposals"]
    return proposal["novelty"], proposal["feasibility"], found["rejected"], found["seats"]


def asked(desk: Desk) -> object:
    """What is asked of a model."""
    seat = Scripted(SAID)
    run_meeting(desk, Convened(seed=3, dry_run=True), seat)
    return seat.asked


def taken(desk: Desk) -> object:
    """Which meetings of a day a model speaks in."""
    seat = Scripted(SAID)
    return [run_meeting(desk, Convened(seed=k), seat).told["spent"] for k in range(2)]


def themes(desk: Desk) -> object:
    """Themes of meetings whose ideas fail."""
    found = []
    for _ in range(2):
        meeting = run_meeting(desk)
        found.append(meeting.told["theme"])
        for strategy_id in meeting.queued:
            desk.life.results.keep(strategy_id, "L0", 0, "VAL-1", {"verdict": {"verdict": "passed"}})
            desk.life.queue.move(strategy_id, Status.PENDING, Status.REJECTED, "test", "no")
    return found


def past(desk: Desk) -> object:
    """The newest bar that a test for anomalies sees."""
    settings, now = meeting_settings(desk), desk.clock.now()
    offer = offers(desk, settings, now)[0]
    return int(held_back(bars_until(desk, now), settings.holdout_days)(offer).time[-1])


def series(desk: Desk) -> object:
    """How many series there are to propose on, or why none."""
    try:
        return len(offers(desk, meeting_settings(desk), desk.clock.now()))
    except UsageError as error:
        return str(error)


def share(desk: Desk) -> object:
    return run_meeting(desk, Convened(dry_run=True)).told["seats"][0]["anomalies"]


CURIOUS = {**NONE, "data_curious": {}}
BARREN = {"proposals_per_seat": 2, "seats": ONE, "stagnation_meetings": 1, "select": 1}
EFFECTS: list[tuple[str, object, object, Mapping[str, Any], Look]] = [
    ("enabled", True, False, {"seats": ONE}, status),
    ("proposals_per_seat", 4, 6, {"seats": ONE}, held),
    ("select", 3, 1, {"seats": ONE}, held),
    ("most_per_family", 2, 1, {"seats": ONE, "themes": ["following"], "proposals_per_seat": 9, "select": 6}, held),
    ("similar_from", 0.75, 0.9, {"seats": MODEL}, told),
    ("duplicate_above", 0.95, 0.8, {"seats": MODEL}, told),
    ("least_feasibility", 0.0, 0.9, {"seats": MODEL}, told),
    ("cost_bps", 20, 900, {"seats": MODEL}, told),
    ("themes", ["open"], ["reversion"], {"seats": ONE}, held),
    ("stagnation_meetings", 1, 2, BARREN, themes),
    ("survivor_tier", "L3", "L0", BARREN, themes),
    ("symbols", [], ["BTCUSDT"], {"seats": ONE}, held),
    ("timeframes", [], ["1d"], {"seats": ONE}, held),
    ("venue", "sim", "elsewhere", {}, series),
    ("directions", None, ["short", "both"], {"seats": ONE}, held),
    ("holdout_days", 182, 30, {}, past),
    ("false_discovery_rate", 0.1, 1.0, {"seats": CURIOUS}, share),
    ("seats.strategist.enabled", True, False, {"seats": ONE}, held),
    ("seats.maverick.enabled", True, False, {"seats": {**NONE, "maverick": {}}}, held),
    ("seats.data_curious.enabled", True, False, {"seats": CURIOUS}, held),
    ("seats.strategist.model", None, "test:one", {"seats": ONE}, asked),
    ("seats.maverick.model", "test:one", "test:two", {"seats": {**NONE, "maverick": {}}}, asked),
    ("seats.data_curious.model", "test:one", "test:two", {"seats": CURIOUS}, asked),
    ("model.base_url", None, "http://127.0.0.1:9/v1", {"seats": MODEL}, asked),
    ("model.input_price", 1.0, 2.0, {"seats": MODEL, "model": {"output_price": 1.0}}, asked),
    ("model.output_price", 1.0, 2.0, {"seats": MODEL, "model": {"input_price": 1.0}}, asked),
    ("model.most_output_tokens", 4_000, 300, {"seats": MODEL}, asked),
    ("model.timeout_seconds", 60, 5, {"seats": MODEL}, asked),
    ("budget.calls", 6, 0, FEW, taken),
    ("budget.money", 0.5, 0.001, FEW, taken),
    ("budget.money_per_day", 2.0, 0.015, FEW, taken),
]


def with_key(base: Mapping[str, Any], key: str, value: object) -> dict[str, Any]:
    """The keys of `base` and this one, dotted."""
    head, _, rest = key.partition(".")
    below = base.get(head, {})
    return {**base, head: with_key(below, rest, value) if rest else value}


WRITING = (themes, taken)


@pytest.fixture(scope="module")
def dry(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk for looks that keep nothing."""
    return opened(hall(tmp_path_factory.getbasetemp() / "meeting", tmp_path_factory.mktemp("dry") / "meeting"))


@pytest.mark.parametrize(("key", "one", "other", "base", "look"), EFFECTS, ids=[row[0] for row in EFFECTS])
def test_every_key_has_an_effect(
    dry: Desk, request: pytest.FixtureRequest, key: str, one: object, other: object, base: Mapping[str, Any], look: Look
) -> None:
    first, second = dry, dry
    if look in WRITING:
        first, second = (opened(request.getfixturevalue(name)) for name in ("home", "another"))
    configure(first.workspace.home, **with_key(base, key, one))
    before = look(first)
    configure(second.workspace.home, **with_key(base, key, other))
    assert look(second) != before


def test_no_key_was_forgotten() -> None:
    assert keys(MeetingFile) == {key for key, *_ in EFFECTS}


def test_the_file_as_it_is_written_says_the_defaults() -> None:
    assert MeetingFile.model_validate(YAML(typ="safe", pure=True).load(MEETING_YAML)) == MeetingFile()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("selct: 3\n", r"meeting.yaml:1:1: unknown key 'selct', did you mean 'select'\?"),
        ("select: many\n", "meeting.yaml:1:1: select"),
        ("themes: [fun]\n", "no theme 'fun'"),
        ("themes: []\n", "themes"),
        ("similar_from: 0.99\n", "similar_from is above duplicate_above"),
        ("timeframes: [often]\n", "'often' is no timeframe"),
        ("seats: {maverick: {model: gpt}}\n", "named with its provider"),
        ("model: {input_price: 1}\n", "given together"),
        ("model: {base_url: localhost}\n", "model.base_url"),
        ("budget: {calls: -1}\n", "budget.calls"),
        ("directions: [up]\n", "directions"),
        ("- a\n", "meeting.yaml"),
    ],
)
def test_what_is_wrong_is_refused_at_its_place(dry: Desk, text: str, fault: str) -> None:
    (dry.workspace.config / "meeting.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=fault):
        run_meeting(dry, Convened(dry_run=True))
