"""`quorum queue`: ideas in, shown, out; what a host wrote is taken in and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from surfaces.cli.commands import Quorum

ADD = ("queue", "add", "demo_ma", "--symbol", "FLATUSD")
SPEC = """\
name: dip
summary: buys below its mean
indicators: {mean: "sma(close, 20)"}
long: close < mean
exit_long: close > mean
"""


def test_an_idea_goes_in_is_shown_and_comes_out(quorum: Quorum, home: Path) -> None:
    made = quorum(*ADD, "--param", "fast=5", "--hypothesis", "trends last", "--json").json
    assert (made["strategy_id"], made["status"], made["timeframe"], made["new"]) == ("STR-001", "PENDING", "1h", True)
    assert made["params"] == {"fast": 5}
    again = quorum(*ADD, "--param", "fast=5")
    assert "STR-001  demo_ma on FLATUSD is there already, PENDING" in again.out
    shown = quorum("queue", "show", "--json").json
    assert shown["counts"] == {"PENDING": 1}
    assert [s["strategy_id"] for s in shown["strategies"]] == ["STR-001"]
    table = quorum("queue", "show").out
    for word in ("STR-001", "demo_ma", "FLATUSD", "PENDING"):
        assert word in table
    one = quorum("queue", "show", "STR-001")
    assert "trends last" in one.out
    assert quorum("queue", "show", "--status", "rejected", "--json").json["strategies"] == []
    removed = quorum("queue", "remove", "STR-001", "--reason", "too dear", "--json").json
    assert (removed["status"], removed["reason"]) == ("REJECTED", "too dear")
    assert [m["after"] for m in quorum("queue", "show", "STR-001", "--json").json["moves"]] == ["PENDING", "REJECTED"]
    assert "STR-001" in (home / "knowledge/registry.yaml").read_text()


def test_a_spec_s_file_goes_in_as_it_is(quorum: Quorum, tmp_path: Path) -> None:
    file = tmp_path / "dip.yaml"
    file.write_text(SPEC)
    made = quorum("queue", "add", file, "--symbol", "FLATUSDT,CRASHUSDT", "--timeframe", "1h", "--json").json
    assert (made["strategy"]["name"], made["symbols"]) == ("dip", ["FLATUSDT", "CRASHUSDT"])
    assert "dip" in quorum("queue", "show").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("queue", "add", "demo_na", "--symbol", "FLATUSD"), "did you mean demo_ma?"),
        (("queue", "add", "demo_ma", "--symbol", "ETHUSDT"), "no bars of ETHUSDT"),
        (("queue", "add", "demo_ma", "--symbol", "crashusdt"), "close to it: CRASHUSDT"),
        ((*ADD, "--priority", "nan"), "a priority of nan is none"),
        (("queue", "add", "demo_ma", "--symbol", "FLATUSDT"), "choose one with --timeframe"),
        (("queue", "add", "demo_ma", "--symbol", ","), "name a symbol"),
        ((*ADD, "--param", "fast=quick"), "parameter fast is 'quick', no number"),
        ((*ADD, "--param", "fast=300", "--param", "slow=100"), "slow"),
        (("queue", "add", "./rule.py", "--symbol", "FLATUSD"), "code in a file"),
        (("queue", "show", "STR-009"), "no strategy 'STR-009'"),
        (("queue", "show", "--status", "SOON"), "no status 'SOON'"),
        (("queue", "remove", "STR-009", "--reason", "none"), "no strategy 'STR-009'"),
        (("queue", "remove", "STR-009", "--reason", ""), "no reason"),
    ],
)
def test_what_makes_no_sense_is_refused(quorum: Quorum, words: tuple[str, ...], says: str) -> None:
    assert says in quorum(*words).error


def test_an_empty_queue_says_how_to_fill_it(quorum: Quorum) -> None:
    assert "the queue is empty: `quorum queue add`" in quorum("queue", "show").out


def test_a_file_edited_by_hand_is_taken_in_or_refused_at_its_line(quorum: Quorum, home: Path) -> None:
    path = home / "pipeline/queue.yaml"
    path.write_text("queue:\n- {strategy: demo_ma, symbols: [FLATUSD], timeframe: 1h}\n- {strategy: demo_na}\n")
    said = quorum("queue", "show")
    assert "STR-001" in said.out
    assert "queue.yaml:3:3: a new entry is left where it is" in said.err
    path.write_text(path.read_text().replace("demo_na", "demo_na, status: GONE"))
    assert "queue.yaml:" in quorum("queue", "show").error
    assert "there is no status 'GONE'" in quorum(*ADD).error
    assert "there is no status 'GONE'" in quorum("views").err
    assert "there is no status 'GONE'" in quorum("views", "--json").json["doubts"][0]
    assert "GONE" in path.read_text()
    path.unlink()
    assert quorum("queue", "show", "--json").json["counts"] == {"PENDING": 1}
    assert "pipeline/queue.yaml" in quorum("views").out
