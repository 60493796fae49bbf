"""The same requests to the same seed make the same journal, whatever goes wrong meanwhile."""

from __future__ import annotations

from pathlib import Path

import httpx

from simulator.sim_markets import fault, order, venue

FAULTS = (
    fault("reset", on="POST /v2/orders", p=0.1),
    fault("error_after", on="POST /v2/orders", p=0.1),
    fault("hidden", on="POST /v2/orders", p=0.1, seconds=5),
    fault("reject", symbol="AAPL", p=0.1),
    fault("rate_limit", on="GET /v2/orders", p=0.1),
    fault("missing_rows", on="GET /v2/orders", p=0.2),
    fault("overlap", on="GET /v2/account/activities", p=0.3),
    fault("foreign_order", symbol="MSFT", after=5, quantity="3", times=2),
    fault("foreign_position", symbol="AAPL", after=3, p=0.3),
    fault("halt", symbol="AAPL", after=10, **{"for": 4}),
    fault("partial_close", symbol="AAPL", p=0.5),
)


def ran(journal: Path, seed: int) -> tuple[bytes, list[object]]:
    """The journal of a run, and what its client was answered."""
    with venue(*FAULTS, journal=journal, seed=seed) as (_, client):
        heard = [_answer(client, number, what) for number in range(24) for what in ("move", "place", "list", "close")]
    return journal.read_bytes(), heard


def _answer(client: httpx.Client, number: int, what: str) -> object:
    try:
        if what == "move":
            client.post("/sim/clock", json={"advance": 1})
            return client.post("/sim/prices", json={"symbol": "AAPL", "last": 100 + number, "ask_size": 5}).status_code
        if what == "place":
            symbol, side = ("AAPL", "buy") if number % 2 else ("MSFT", "sell" if number % 3 else "buy")
            body = order(symbol, str(1 + number % 7), side, client_order_id=f"c{number}")
            return client.post("/v2/orders", json=body).text
        if what == "list":
            paths = ("/v2/orders?status=all", "/v2/account/activities")
            return [(answer.status_code, answer.text) for answer in map(client.get, paths)]
        return client.delete("/v2/positions?cancel_orders=true").text if number % 8 == 7 else ""
    except httpx.TransportError as error:
        return type(error).__name__


def test_a_run_repeats_and_another_seed_is_another_run(tmp_path: Path) -> None:
    first, again, other = (ran(tmp_path / f"{n}.jsonl", seed) for n, seed in enumerate((5, 5, 6)))
    assert first == again
    assert first[0] != other[0]
    kinds = {name.kind.value for name in FAULTS}
    assert sum(f'"fault": "{kind}"'.encode() in first[0] for kind in kinds) >= 9
