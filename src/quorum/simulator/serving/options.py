"""What a run of the simulated venue is asked for."""

from __future__ import annotations

import ipaddress
import uuid
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from quorum.domain import UsageError
from quorum.simulator.faults import Fault

GENERATED, QUIET = "generated", "quiet"
USUAL = -1
ALWAYS, CALENDAR = "always", "calendar"
_IDS = uuid.UUID("c1f4b1d2-7f0a-5c0e-8a41-2f3b0d6e9a77")


class Keys(NamedTuple):
    """The keys that the venue takes."""

    key: str
    secret: str


@dataclass(frozen=True, slots=True)
class Options:
    """A run: the venue, where it listens, its market, its account, and what goes wrong.

    `start` is the instant at which its clock begins (ns UTC), `speed` how fast it runs, `ticks` prices a second of
    the machine's. `prices` is `generated`, `quiet` (moved by hand only) or a file. `hours` is `always` or `calendar`.
    `rate` is requests a minute and key (weight, where the venue weighs them), 0 for no limit, USUAL for the venue's
    own; `multiplier` what the venue lends, 1 for a cash account. `recording` is a folder of what a venue sent: it
    begins at its own first instant, and an infinite `speed` plays it as fast as clients listen. `timers` is how much
    faster than the venue's are the protocol's own times: pings, heartbeats, the end of a connection. `events` is a file
    of news and corporate actions.
    UsageError for a host that is not loopback, and for numbers out of bounds.
    """

    venue: str
    start: int
    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 7
    symbols: tuple[str, ...] = ()
    cash: Decimal = Decimal(100_000)
    speed: float = 1.0
    ticks: float = 2.0
    journal: Path | None = None
    faults: tuple[Fault, ...] = ()
    prices: str = GENERATED
    hours: str = ALWAYS
    rate: int = USUAL
    multiplier: Decimal = Decimal(2)
    retired_fields: bool = False
    recording: Path | None = None
    timers: float = 1.0
    events: Path | None = None

    def __post_init__(self) -> None:
        if not _loopback(self.host):
            raise UsageError(f"{self.host} is not loopback", "the simulated venue serves 127.0.0.1 only")
        if self.hours not in (ALWAYS, CALENDAR):
            raise UsageError(f"hours {self.hours!r} are none", f"choose {ALWAYS} or {CALENDAR}")
        bounds = {
            "cash": self.cash > 0,
            "speed": self.speed >= 0 and (self.recording is not None or isfinite(self.speed)),
            "ticks": 0 < self.ticks <= 1000,
        }
        bounds |= {"multiplier": 1 <= self.multiplier <= 4, "rate": self.rate >= USUAL}
        bounds |= {"timers": 0 < self.timers <= 1_000_000}
        for name, right in bounds.items():
            if not right:
                raise UsageError(
                    f"{name} {getattr(self, name)} is out of bounds", f"see `quorum sim --help` for {name}"
                )

    @property
    def keys(self) -> Keys:
        """The keys of this run; the same for the same seed."""
        made = [uuid.uuid5(_IDS, f"{self.seed}:{name}").hex for name in ("key", "secret")]
        return Keys("PK" + made[0][:18].upper(), made[1] + made[0][:8])


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
