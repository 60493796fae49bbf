"""News and corporate actions at Alpaca: from a file and by hand, by REST and by stream."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import msgpack
import pytest

from quorum.domain import ConfigError, QuorumError, UsageError
from quorum.simulator import Address, Options, running
from simulator.sim_markets import NOON, fault, headers, journaled, venue

FILE = """
news:
  - {headline: First, symbols: [AAPL], at: 2026-11-20T16:00:00Z, content: <p>all of it</p>}
  - {headline: Second, symbols: [BTC/USD, AAPL], after: 60}
  - {headline: Old, at: 2026-11-18T10:00:00Z}
actions:
  - {type: cash_dividend, symbol: AAPL, rate: 0.26, ex_date: 2026-11-23, payable_date: 2026-12-01}
  - {type: reverse_split, symbol: MSFT, new_rate: 1, old_rate: 4, ex_date: 2026-11-24}
  - {type: name_change, old_symbol: FB, new_symbol: META, process_date: 2026-11-25}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "events.yaml"
    path.write_text(FILE)
    return path


def headlines(client: httpx.Client, **asked: Any) -> list[str]:
    answer = client.get("/v1beta1/news", params=asked)
    assert answer.status_code == 200, answer.text
    return [row["headline"] for row in answer.json()["news"]]


def test_news_of_a_file_come_when_their_time_has_come_and_once(file: Path, tmp_path: Path) -> None:
    with venue(events=file, journal=tmp_path / "j.jsonl") as (_, client):
        assert headlines(client) == ["First"], "of the day that runs, unless asked"
        assert headlines(client, start="2026-11-01") == ["First", "Old"]
        client.post("/sim/clock", json={"advance": 61})
        assert headlines(client, symbols="BTCUSD") == headlines(client, symbols="BTC/USD") == ["Second"]
        assert headlines(client, sort="asc", start="2026-11-01") == ["Old", "First", "Second"]
    with venue(events=file, journal=tmp_path / "j.jsonl") as (_, client):
        assert len(journaled(client, "noted")) == 6


def test_a_page_of_news_and_what_of_an_article_is_shown() -> None:
    with venue() as (_, client):
        for number in range(5):
            body = {"headline": f"H{number}", "content": "words" if number == 3 else "", "symbols": ["AAPL"]}
            client.post("/sim/news", json=body).raise_for_status()
            client.post("/sim/clock", json={"advance": 1})
        first = client.get("/v1beta1/news", params={"limit": 2, "include_content": "true"}).json()
        assert [(row["headline"], row["content"]) for row in first["news"]] == [("H4", ""), ("H3", "words")]
        rest = headlines(client, page_token=first["next_page_token"], limit=50)
        assert rest == ["H2", "H1", "H0"]
        assert headlines(client, exclude_contentless="true") == ["H3"]
        assert client.get("/v1beta1/news").json()["news"][1]["content"] == ""
        known = {"id", "headline", "author", "created_at", "updated_at", "summary", "content", "url", "images"}
        assert set(first["news"][0]) == known | {"symbols", "source"}
        again = client.post("/sim/news", json={"headline": "H0", "summary": "more of it", "symbols": ["AAPL"]}).json()
        newest = client.get("/v1beta1/news").json()["news"][0]
        assert (newest["id"], newest["summary"]) == (again[0], "more of it")
        assert newest["updated_at"] > newest["created_at"]
        for wrong in ({"limit": 51}, {"sort": "up"}, {"page_token": "7"}, {"start": "soon"}):
            assert client.get("/v1beta1/news", params=wrong).status_code in (400, 422)


@pytest.mark.parametrize("packed", [False, True])
def test_the_stream_of_news_tells_who_listens(packed: bool) -> None:
    with venue() as (address, client):
        asyncio.run(_listened(address, client, packed))


async def _listened(address: Address, client: httpx.Client, packed: bool) -> None:
    kind = {"Content-Type": "application/msgpack"} if packed else {}
    read = (lambda m: msgpack.unpackb(m.data, timestamp=3)) if packed else (lambda m: m.json())
    async with aiohttp.ClientSession() as session:
        at = address.addresses["stream_v1beta1_news"]
        async with session.ws_connect(at, headers=headers(address) | kind) as ws:
            said = [read(await ws.receive(3)) for _ in range(2)]
            assert [rows[0]["msg"] for rows in said] == ["connected", "authenticated"]
            await ws.send_bytes(msgpack.packb({"action": "subscribe", "news": ["AAPL"]}))
            if not packed:
                assert read(await ws.receive(3)) == [{"T": "error", "code": 400, "msg": "invalid syntax"}]
                await ws.send_json({"action": "subscribe", "news": ["AAPL"]})
            assert read(await ws.receive(3)) == [{"T": "subscription", "news": ["AAPL"]}]
            rows = [{"headline": "Of Microsoft", "symbols": ["MSFT"]}, {"headline": "Of Apple", "symbols": ["AAPL"]}]
            await asyncio.to_thread(client.post, "/sim/news", json=rows)
            (told,) = read(await ws.receive(3))
            assert (told["T"], told["headline"], told["symbols"]) == ("n", "Of Apple", ["AAPL"])
            assert "images" not in told
            assert isinstance(told["created_at"], str) is not packed


def test_actions_are_listed_by_kind_and_day_and_move_nothing(file: Path) -> None:
    with venue(events=file) as (_, client):
        asked = {"start": "2026-11-01", "end": "2026-12-31"}
        found = client.get("/v1/corporate-actions", params=asked).json()["corporate_actions"]
        assert list(found) == ["reverse_splits", "name_changes", "cash_dividends"], "by the day of processing"
        (paid,) = found["cash_dividends"]
        assert paid | {"id": ""} == {
            "id": "",
            "symbol": "AAPL",
            "cusip": paid["cusip"],
            "rate": 0.26,
            "special": False,
            "foreign": False,
            "ex_date": "2026-11-23",
            "record_date": "2026-11-23",
            "payable_date": "2026-12-01",
            "process_date": "2026-12-01",
        }
        assert client.get("/v1/corporate-actions").json()["corporate_actions"] == {}, "of today"
        one = client.get("/v1/corporate-actions", params=asked | {"limit": 1}).json()
        two = client.get("/v1/corporate-actions", params=asked | {"page_token": one["next_page_token"]}).json()
        assert [list(page["corporate_actions"]) for page in (one, two)] == [
            ["reverse_splits"],
            ["name_changes", "cash_dividends"],
        ]
        for narrow in ({"symbols": "META"}, {"types": "name_change"}):
            shown = client.get("/v1/corporate-actions", params=asked | narrow).json()["corporate_actions"]
            assert list(shown) == ["name_changes"]
        assert client.get("/v1/corporate-actions", params={"types": "gift"}).status_code == 400
        assert client.get("/v1/corporate-actions", params={"ids": paid["id"]}).json()["corporate_actions"]
        assert journaled(client, "adjusted") == []


def test_an_action_is_an_announcement_of_the_trading_api(file: Path) -> None:
    with venue(events=file) as (_, client):
        path = "/v2/corporate_actions/announcements"
        asked = {"ca_types": "dividend,split", "since": "2026-11-01", "until": "2026-12-31"}
        paid, merged = client.get(path, params=asked).json()
        assert (paid["ca_type"], paid["ca_sub_type"], paid["cash"], paid["ex_date"]) == (
            "dividend",
            "cash",
            "0.26",
            "2026-11-23",
        )
        assert (merged["ca_sub_type"], merged["old_rate"], merged["new_rate"]) == ("reverse_split", "4", "1")
        assert client.get(f"{path}/{paid['id']}").json() == paid
        assert client.get(f"{path}/none").status_code == 404
        assert client.get(path, params=asked | {"symbol": "MSFT"}).json() == [merged]
        assert client.get(path, params=asked | {"date_type": "payable_date", "until": "2026-11-24"}).json() == [merged]
        assert client.get(path, params=asked | {"date_type": "some_date"}).status_code == 422
        again = {"type": "cash_dividend", "symbol": "AAPL", "rate": 0.26, "ex_date": "2026-11-23"}
        client.post("/sim/actions", json=again | {"payable_date": "2026-12-01"}).raise_for_status()
        assert len(client.get(path, params=asked).json()) == 2, "the same terms are the same action"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("news: 7", "news is no list"),
        ("- a", "holds more or less"),
        ("news: [{headline: ''}]", "news 1 has no headline"),
        ("news: [{headline: A, when: 7}]", "unknown key 'when'"),
        ("news: [{headline: A, at: soon}]", "time cannot be read"),
        ("news: [{headline: A, after: .nan}]", "time cannot be read"),
        ("news: [{headline: A, symbols: 7}]", "symbols are 7"),
        ("news: [{headline: A, author: 7}]", "author is no text"),
        ("actions: [{type: gift}]", "action 1 has no type"),
        ("actions: [{type: cash_dividend, symbol: AAPL, rate: 1}]", "a cash_dividend needs ex_date"),
        ("actions: [{type: cash_dividend, symbol: AAPL, rate: -1, ex_date: 2026-11-20}]", "rate is -1"),
        ("actions: [{type: cash_dividend, symbol: AAPL, rate: 1, ex_date: soon}]", "ex_date is 'soon'"),
        (
            "actions: [{type: name_change, symbol: A, old_symbol: B, new_symbol: C, process_date: 2026-11-20}]",
            "'symbol'",
        ),
        ("{", "cannot be read"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_place_and_leaves_no_journal(tmp_path: Path, text: str, found: str) -> None:
    path, journal = tmp_path / "events.yaml", tmp_path / "j.jsonl"
    path.write_text(text)
    with pytest.raises(ConfigError) as refused, running(Options("alpaca", NOON, events=path, journal=journal)):
        pass
    assert found in refused.value.found
    assert str(path) in refused.value.found
    assert not journal.exists()


def test_other_venues_tell_no_news_and_wrong_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="binance tells no news"), running(Options("binance", NOON, events=tmp_path)):
        pass
    with venue() as (_, client):
        for path, body in (("/sim/news", {"headline": 7}), ("/sim/actions", [{"type": "gift"}]), ("/sim/news", 7)):
            answer = client.post(path, json=body)
            assert answer.status_code == 422
            assert "request" in answer.json()["error"]


def test_faults_and_prices_that_are_wrong_leave_no_journal(tmp_path: Path) -> None:
    journal, prices = tmp_path / "j.jsonl", tmp_path / "p.csv"
    prices.write_text("time,symbol\n")
    for wrong in ({"faults": (fault("halt", symbol="NOPE"),)}, {"prices": str(prices)}):
        with pytest.raises(QuorumError), running(Options("alpaca", NOON, journal=journal, **wrong)):
            pass
        assert not journal.exists()
