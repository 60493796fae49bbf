"""Desks for meetings: a workspace with made-up daily bars of seven coins, and hourly ones of two."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from desk.offices import copied
from quorum.bootstrap import open_desk
from quorum.desk import Desk, make_workspace
from quorum.domain import DAY, HOUR, Timeframe, VirtualClock, iso, parse_instant
from quorum.lake import Bars, synthetic_market

NOW = parse_instant("2024-06-03T12:00:00Z")
COINS = tuple(f"{coin}USDT" for coin in ("ADA", "BNB", "BTC", "DOT", "ETH", "SOL", "XRP"))
DAYS, HOURS = 1_200, 1_100


@cache
def template(folder: Path) -> Path:
    """The workspace below `folder` that others are copied from."""
    home, files = folder / "template", folder / "files"
    make_workspace(home, ("momentum",))
    files.mkdir(parents=True)
    start = NOW // DAY * DAY - DAYS * DAY
    daily = synthetic_market(11, COINS, Timeframe.parse("1d"), start, DAYS)
    hourly = synthetic_market(12, ("BTCUSDT", "ETHUSDT"), Timeframe.parse("1h"), NOW - HOURS * HOUR, HOURS)
    for bars in (*daily.values(), *hourly.values()):
        write(files / f"{bars.symbol}.sim_{bars.timeframe}.csv", bars)
    open_desk(home).lake.import_path(files)
    return home


def write(path: Path, bars: Bars) -> None:
    """A CSV of bars."""
    columns = (bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume)
    rows = (",".join([iso(int(t)), *map(str, values)]) for t, *values in zip(*columns, strict=True))  # type: ignore[arg-type]
    path.write_text("time,open,high,low,close,volume\n" + "\n".join(rows) + "\n", encoding="utf-8")


def hall(base: Path, to: Path) -> Path:
    """A workspace of one's own."""
    home = copied(template(base), to)
    shutil.rmtree(home / "logs", ignore_errors=True)
    return home


def opened(home: Path, hours: int = 0, **settings: Any) -> Desk:
    """The desk of a workspace, `hours` after NOW, configured."""
    configure(home, **settings)
    return open_desk(home, VirtualClock(NOW + hours * HOUR))


def configure(home: Path, **settings: Any) -> None:
    """Write meeting.yaml with these keys; without others two seats speak, and any idea is feasible."""
    quick = {"proposals_per_seat": 4, "least_feasibility": 0.0, "seats": {"data_curious": {"enabled": False}}}
    with (home / "config" / "meeting.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump({**quick, **settings}, file)
