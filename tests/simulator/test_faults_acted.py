"""Each fault of a request and of the venue happens, is seen by a client, and stands in the journal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from quorum.simulator import Fault
from simulator.sim_markets import fault, journaled, order, venue

PLACE = "POST /v2/orders"


def known(client: httpx.Client, name: str = "a") -> str:
    """The status of the order with the client's id `name`, or that there is none."""
    answer = client.get("/v2/orders:by_client_order_id", params={"client_order_id": name})
    return str(answer.json()["status"]) if answer.status_code == 200 else "none"


def fired(client: httpx.Client) -> list[str]:
    return [line["fault"] for line in journaled(client, "fired")]


def place(client: httpx.Client, **terms: Any) -> httpx.Response:
    return client.post("/v2/orders", json=order(client_order_id="a", **terms))


@pytest.mark.parametrize(
    ("planted", "status", "after"),
    [
        (fault("error", on=PLACE), 503, "none"),
        (fault("error", on=PLACE, status=500), 500, "none"),
        (fault("error_after", on=PLACE), 500, "filled"),
        (fault("html", on=PLACE), 502, "none"),
        (fault("rate_limit", on=PLACE, seconds=3), 429, "none"),
        (fault("banned", on=PLACE), 418, "none"),
        (fault("delay", on=PLACE, seconds=0), 200, "filled"),
        (fault("malformed", on=PLACE), 200, "filled"),
        (fault("error", on=PLACE, symbol="MSFT"), 200, "filled"),
    ],
)
def test_an_answer_is_wrong_and_the_order_is_there_or_not(planted: Fault, status: int, after: str) -> None:
    with venue(planted) as (_, client):
        answer = place(client)
        assert (answer.status_code, known(client)) == (status, after)
        assert fired(client) == ([] if planted.symbol else [planted.kind.value])
        if status in (418, 429):
            assert answer.headers["Retry-After"] == {429: "3", 418: "120"}[status]
        if planted.kind.value in ("html", "malformed"):
            with pytest.raises(ValueError, match=r"Expecting|delimiter|property name"):
                answer.json()


@pytest.mark.parametrize(
    ("planted", "error", "after"),
    [
        (fault("reset", on=PLACE), httpx.ReadError, "none"),
        (fault("reset_after", on=PLACE), httpx.ReadError, "filled"),
        (fault("half_open", on=PLACE), httpx.ReadTimeout, "none"),
        (fault("error_after", on=PLACE, status=0), httpx.ReadTimeout, "filled"),
        (fault("truncated", on=PLACE), httpx.RemoteProtocolError, "filled"),
    ],
)
def test_no_answer_comes_and_the_order_is_there_or_not(
    planted: Fault, error: type[httpx.TransportError], after: str
) -> None:
    with venue(planted) as (_, client):
        with pytest.raises(error):
            client.post("/v2/orders", json=order(client_order_id="a"), timeout=0.2)
        assert (known(client), fired(client)) == (after, [planted.kind.value])


def until(found: Callable[[], bool]) -> None:
    """Wait for what another thread does, three seconds at most."""
    end = time.monotonic() + 3
    while not found():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize("kind", ["late", "hidden"])
def test_an_order_appears_ten_seconds_after_its_time_out(kind: str) -> None:
    with venue(fault(kind, on=PLACE, seconds=10)) as (_, client):
        assert place(client).status_code == 504
        assert known(client) == "none"
        assert client.get("/v2/orders", params={"status": "all"}).json() == []
        assert len(journaled(client, "accepted")) == (kind == "hidden")
        client.post("/sim/clock", json={"advance": 9.9})
        assert known(client) == "none"
        client.post("/sim/clock", json={"advance": 0.2})
        until(lambda: known(client) == "filled")
        assert place(client).status_code == 422, "and its id is taken"


def test_a_delayed_request_waits_for_the_clock_of_the_venue() -> None:
    with venue(fault("delay", on=PLACE, seconds=0.15), speed=1.0) as (_, client):
        began = time.monotonic()
        assert place(client).status_code == 200
        assert time.monotonic() - began >= 0.14


def test_closing_all_fails_in_part() -> None:
    with venue(fault("partial_close", symbol="AAPL", times=2)) as (_, client):
        client.post("/v2/orders", json=order())
        client.post("/v2/orders", json=order("MSFT", "2"))
        for _ in range(2):
            rows = {row["symbol"]: row["status"] for row in client.delete("/v2/positions").json()}
            assert rows["AAPL"] == 403
        assert [p["symbol"] for p in client.get("/v2/positions").json()] == ["AAPL"]
        assert client.delete("/v2/positions").json()[0]["status"] == 200
        assert fired(client) == ["partial_close", "partial_close"]


def test_the_venue_is_changed_by_other_hands() -> None:
    planted = (
        fault("foreign_order", on="GET /v2/clock", symbol="AAPL", quantity="7"),
        fault("foreign_position", on="GET /v2/account", symbol="MSFT", quantity="-3"),
    )
    with venue(*planted) as (_, client):
        client.get("/v2/clock")
        (foreign,) = client.get("/v2/orders", params={"status": "all"}).json()
        assert (foreign["symbol"], foreign["filled_qty"]) == ("AAPL", "7")
        client.get("/v2/account")
        assert {p["symbol"]: p["qty"] for p in client.get("/v2/positions").json()} == {"AAPL": "7", "MSFT": "-3"}
        assert journaled(client, "accepted")[0]["ticket"]["origin"] == "manual"


def test_a_symbol_is_halted_and_orders_do_not_fill_until_it_is_over() -> None:
    planted = (
        fault("halt", symbol="AAPL", on=PLACE, **{"for": 30}),
        fault("no_fill", symbol="MSFT", on="GET /v2/clock", **{"for": 30}),
    )
    with venue(*planted) as (_, client):
        client.get("/v2/clock")
        place(client)
        client.post("/v2/orders", json=order("MSFT", client_order_id="b"))
        assert (known(client), known(client, "b")) == ("accepted", "new")
        client.post("/sim/clock", json={"advance": 31})
        until(lambda: (known(client), known(client, "b")) == ("filled", "filled"))


def test_keys_are_revoked_and_the_clock_is_wrong() -> None:
    with venue(fault("clock", on="GET /v2/clock", seconds=-5), fault("revoked", on="GET /v2/assets")) as (_, client):
        assert client.get("/v2/clock").json()["timestamp"] == "2026-11-20T11:59:55.000000000-05:00"
        assert client.get("/v2/assets").status_code == 403
        assert client.get("/v2/account").status_code == 403
        assert fired(client) == ["clock", "revoked"]


def test_faults_of_time_come_with_the_clock() -> None:
    with venue(fault("halt", symbol="AAPL", after=60)) as (_, client):
        place(client)
        assert known(client) == "filled"
        client.post("/sim/clock", json={"advance": 60})
        until(lambda: client.get("/sim/state").json()["halted"] == ["AAPL"])


def test_the_same_seed_fails_the_same_requests() -> None:
    def answers(seed: int) -> list[int]:
        with venue(fault("error", p=0.5), seed=seed) as (_, client):
            return [client.get("/v2/clock").status_code for _ in range(30)]

    first = answers(7)
    assert first == answers(7) != answers(8)
    assert set(first) == {200, 503}


def test_a_slow_answer_comes_after_what_it_tells() -> None:
    with venue(fault("slow", on=PLACE, seconds=0.15), speed=1.0) as (_, client):
        began = time.monotonic()
        assert place(client).json()["status"] == "pending_new"
        assert (time.monotonic() - began >= 0.15, known(client)) == (True, "filled")


def test_an_order_is_rejected_after_it_was_accepted() -> None:
    with venue(fault("reject", symbol="AAPL")) as (_, client):
        assert place(client).json()["status"] == "pending_new"
        found = client.get("/v2/orders:by_client_order_id", params={"client_order_id": "a"}).json()
        assert (found["status"], found["filled_qty"], found["failed_at"] is not None) == ("rejected", "0", True)
        assert client.post("/v2/orders", json=order(client_order_id="b")).status_code == 200
        assert known(client, "b") == "filled"


def test_a_cancel_comes_too_late() -> None:
    with venue(fault("late_cancel")) as (_, client):
        placed = place(client, type="limit", limit_price="90").json()
        assert client.delete(f"/v2/orders/{placed['id']}").status_code == 204
        found = client.get(f"/v2/orders/{placed['id']}").json()
        assert (found["status"], found["filled_avg_price"]) == ("filled", "90")
        assert client.delete(f"/v2/orders/{placed['id']}").status_code == 422
        assert fired(client) == ["late_cancel"]


def test_a_list_misses_rows_or_repeats_those_of_the_page_before() -> None:
    query: dict[str, Any] = {"symbols": "AAPL", "timeframe": "1Hour", "start": "2026-11-19", "limit": 6}

    def page(client: httpx.Client, token: str | None = None) -> tuple[list[str], str]:
        body = client.get("/v2/stocks/bars", params=query | ({"page_token": token} if token else {})).json()
        return [bar["t"] for bar in body["bars"]["AAPL"]], body["next_page_token"]

    with venue() as (_, client):
        first, token = page(client)
        second, _ = page(client, token)
        page(client)
        client.post("/sim/faults", json={"fault": "overlap", "count": 2})
        assert page(client, token)[0] == first[-2:] + second
        client.post("/sim/faults", json={"fault": "missing_rows"})
        assert page(client)[0] == first[::2]
        assert page(client)[0] == first


def test_the_venue_takes_cancels_only_then_resting_orders_only() -> None:
    planted = (fault("cancel_only", after=1, **{"for": 10}), fault("post_only", after=20, **{"for": 10}))
    with venue(*planted) as (_, client):
        resting = place(client, type="limit", limit_price="90").json()
        client.post("/sim/clock", json={"advance": 2})
        until(lambda: fired(client) == ["cancel_only"])
        refused = client.post("/v2/orders", json=order())
        assert (refused.status_code, refused.json()["message"]) == (403, "the market is in cancel_only mode")
        assert client.delete(f"/v2/orders/{resting['id']}").status_code == 204
        client.post("/sim/clock", json={"advance": 11})
        until(lambda: client.post("/v2/orders", json=order()).status_code == 200)
        client.post("/sim/clock", json={"advance": 8})
        until(lambda: fired(client)[-1] == "post_only")
        assert client.post("/v2/orders", json=order()).status_code == 403
        assert client.post("/v2/orders", json=order(type="limit", limit_price="101")).status_code == 403
        assert client.post("/v2/orders", json=order(type="limit", limit_price="90")).status_code == 200


def test_maintenance_answers_503_and_ends() -> None:
    with venue(fault("maintenance", on="GET /v2/clock", **{"for": 5})) as (_, client):
        assert client.get("/v2/clock").status_code == 503
        assert place(client).status_code == 503
        client.post("/sim/clock", json={"advance": 6})
        until(lambda: client.get("/v2/clock").status_code == 200)
        assert known(client) == "none"


def test_an_unreachable_venue_comes_back_at_its_address() -> None:
    with venue(fault("unreachable", on="GET /v2/clock", seconds=0.3)) as (address, client):
        client.get("/v2/clock")
        with httpx.Client(base_url=address.url, headers=dict(client.headers)) as other:
            with pytest.raises(httpx.ConnectError):
                other.get("/v2/clock")
            until(lambda: reached(other))


def reached(client: httpx.Client) -> bool:
    try:
        return client.get("/v2/account").status_code == 200
    except httpx.ConnectError:
        return False
