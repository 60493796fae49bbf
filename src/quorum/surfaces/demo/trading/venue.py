"""The demo's venue: `quorum sim` in a process of its own, and the account that trades there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from quorum.domain import QuorumError, iso
from quorum.surfaces.demo.editing import edit

ACCOUNT = "practice"
CASH = 100_000
TICK, HALF_SPREAD, SHOWN = Decimal("0.01"), Decimal("0.01"), Decimal(100_000)
PATIENCE_SECONDS = 10.0


class Venue:
    """A simulated Alpaca of one pair, whose clock stands and whose price is still until they are moved."""

    def __init__(self, told: Mapping[str, str], symbol: str) -> None:
        self.url, self.symbol = told["trading"], symbol
        self.keys = told["key"], told["secret"]
        self._control = httpx.Client(base_url=told["control"], timeout=PATIENCE_SECONDS)

    def wait(self, seconds: float) -> None:
        """Let time pass at the venue."""
        self._post("/clock", {"advance": seconds})

    def move(self, last: Decimal) -> None:
        """Let the market come to a price."""
        touch = {"last": last, "bid": last - HALF_SPREAD, "ask": last + HALF_SPREAD}
        sizes = {"bid_size": SHOWN, "ask_size": SHOWN}
        row = {"symbol": self.symbol, **{name: str(value) for name, value in {**touch, **sizes}.items()}}
        self._post("/prices", row)

    def spoil(self, **fault: Any) -> None:
        """Plant a fault."""
        self._post("/faults", fault)

    def journal(self, *kinds: str) -> Sequence[Mapping[str, Any]]:
        """What really happened, of those kinds."""
        found: list[Mapping[str, Any]] = self._control.get("/journal", params={"kind": ",".join(kinds)}).json()
        return found

    def close(self) -> None:
        self._control.close()

    def _post(self, door: str, body: Mapping[str, Any]) -> None:
        self._control.post(door, json=body).raise_for_status()


@contextmanager
def open_venue(home: Path, symbol: str, start: int) -> Iterator[Venue]:
    """Start the venue, its clock standing at `start`, and give the workspace an account there; ended at the end.

    The account has a book of its own and stands first of those in its currency. QuorumError when it does not start.
    """
    command = [sys.executable, "-m", "quorum", "sim", "--venue", "alpaca", "--symbols", symbol, "--json"]
    market = ["--prices", "quiet", "--speed", "0", "--start", iso(start), "--rate", "1000000", "--cash", str(CASH)]
    kept = ["--journal", str(home / "venue" / "practice.jsonl")]
    (home / "venue").mkdir(exist_ok=True)
    log = (home / "logs" / "practice.log").open("w", encoding="utf-8")
    with log, subprocess.Popen([*command, *market, *kept], stdout=subprocess.PIPE, stderr=log, text=True) as process:
        try:
            venue = Venue(_told(process, Path(log.name)), symbol)
            _prepare(home, venue)
            yield venue
            venue.close()
        finally:
            process.terminate()


def _told(process: subprocess.Popen[str], log: Path) -> Mapping[str, str]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise QuorumError("the simulated venue did not start", f"see {log}")
    told: Mapping[str, str] = json.loads(line)
    return told


def _prepare(home: Path, venue: Venue) -> None:
    """Keys in a file of the owner's, a book, an account before the first in its currency, the venue's price step."""
    keys = home / "state" / "practice.env"
    keys.touch(0o600)
    keys.write_text("ALPACA_API_KEY={}\nALPACA_SECRET_KEY={}\n".format(*venue.keys), encoding="utf-8")
    config = home / "config"
    where = f"venue: alpaca, host: '{venue.url}', keys: 'file:{keys.relative_to(home)}'"
    account = f"\n  {ACCOUNT}: {{book: {ACCOUNT}, currency: USD, cash: {CASH}, {where}}}"
    edit(config / "accounts.yaml", "\n  paper-usd:", f"{account}\n  paper-usd:")
    edit(config / "risk.yaml", "\n  equities:", f"\n  {ACCOUNT}: {{}}\n  equities:")
    edit(config / "instruments.yaml", "symbols: {}", f"symbols: {{{venue.symbol}: {{tick: {TICK}}}}}")
