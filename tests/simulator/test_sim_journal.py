"""The journal is the truth: torn ends are cut, damage is named, and a restart goes on exactly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quorum.domain import DataError, Money, Side, UsageError
from quorum.simulator.core import Always, Exchange, FileJournal, Floor, Refused, read_journal
from simulator.sim_markets import SHARE, D, opened, ticket, top


def traded(path: Path) -> Exchange:
    """An exchange that has traded; its journal is closed."""
    journal = FileJournal(path)
    exchange, _ = opened(journal)
    exchange.quote("AAPL", top(exchange, "100.00", "30"))
    exchange.place(ticket("a", Side.BUY, "50"))
    exchange.match("AAPL")
    exchange.suspend("AAPL", True)
    journal.close()
    return exchange


def test_an_exchange_goes_on_from_its_journal(tmp_path: Path) -> None:
    first = traded(tmp_path / "sim.jsonl")
    second, _ = opened(FileJournal(tmp_path / "sim.jsonl"))
    assert second.floor == first.floor
    assert second.mark("AAPL") == 100
    with pytest.raises(Refused, match="unique"):
        second.place(ticket("a", Side.BUY, "1"))
    second.suspend("AAPL", False)
    second.quote("AAPL", top(second, "100.00", "30"))
    assert second.floor.held("AAPL") == 50
    numbers = [json.loads(line)["n"] for line in (tmp_path / "sim.jsonl").read_text().splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_journal_is_read_as_events_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "sim.jsonl"
    first = traded(path)
    path.write_bytes(path.read_bytes() + b'{"n": 99, "ki')
    found = list(read_journal(path))
    assert [line.number for line in found] == list(range(1, first.journal.count + 1))
    assert [type(line.event).__name__.lower() for line in found] == [line["kind"] for line in first.journal.lines()]
    floor = Floor()
    for line in found:
        floor.apply(line.event)
    assert floor == first.floor
    assert [row["kind"] for row in first.journal.lines(1, ("traded", "marked"))] == ["marked", "traded"]
    with pytest.raises(DataError, match="no journal"):
        list(read_journal(tmp_path / "none"))


def test_a_journal_from_before_a_field_was_there_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sim.jsonl"
    first = traded(path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        for name in ("trail", "trail_part", "after", "rivals", "family", "label"):
            line.get("ticket", {}).pop(name, None)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert opened(FileJournal(path))[0].floor == first.floor


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_torn_last_line_never_happened(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "sim.jsonl"
    traded(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    again, _ = opened(FileJournal(path))
    assert again.floor.halted == set(), "the halt was the last line"
    assert again.floor.held("AAPL") == 30
    assert path.read_bytes() == whole[: whole[:-cut].rfind(b"\n") + 1]


def test_damage_inside_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "sim.jsonl"
    traded(path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1].replace("marked", "marled"), *lines[2:]]) + "\n")
    with pytest.raises(DataError, match=r"sim.jsonl:2 is no event"):
        FileJournal(path)


def test_a_journal_of_another_currency_is_refused(tmp_path: Path) -> None:
    first = traded(tmp_path / "sim.jsonl")
    with pytest.raises(DataError, match="account in USD"):
        Exchange([SHARE], first.journal, first.clock, Always(), Money(D(1), "EUR"))


def test_only_its_owner_reads_the_journal(tmp_path: Path) -> None:
    traded(tmp_path / "sim.jsonl")
    assert (tmp_path / "sim.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_journal_has_one_venue_and_a_place(tmp_path: Path) -> None:
    path = tmp_path / "sim.jsonl"
    journal = FileJournal(path)
    opened(journal)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="another venue writes to"):
        FileJournal(path)
    assert path.read_bytes() == before
    journal.close()
    FileJournal(path).close()
    for wrong in (tmp_path, path / "below.jsonl"):
        with pytest.raises(UsageError, match="cannot be written"):
            FileJournal(wrong)
