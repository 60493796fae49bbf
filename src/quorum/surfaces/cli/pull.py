"""What `quorum data pull` takes, does and prints."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, facts, note

_GAPS_SHOWN = 20


@dataclass(frozen=True)
class PullAsked:
    """What `quorum data pull` takes."""

    symbol: Annotated[str, typer.Argument(help="A symbol, as BTCUSDT, BTC/USD or AAPL.")]
    source: Annotated[str, typer.Option(help="binance, kraken, alpaca or yfinance.")]
    since: Annotated[str, typer.Option(help="The first open, as 2024-01-01.")]
    timeframe: Annotated[str, typer.Option(help="Length of a bar, as 1m, 1h or 1d.")] = "1h"
    until: Annotated[str | None, typer.Option(help="Where to stop, not included; else now.")] = None
    from_trades: Annotated[bool, typer.Option("--from-trades", help="Make bars of kraken's trades: any age, slow.")] = (
        False
    )
    home: Home = None
    as_json: Json = False


def pulled(asked: PullAsked) -> Any:
    """Pull into the workspace at hand; where there is none, one is made around what came."""
    from quorum.bootstrap import default_home, home_of, open_lake, open_vendor, open_workspace
    from quorum.desk import Workspace, make_workspace
    from quorum.domain import SystemClock, Timeframe, parse_instant
    from quorum.lake.pull import Asked, listed, pull

    symbol = listed(asked.symbol, "/" if asked.source == "alpaca" else "")  # as its orders name a pair
    until = None if asked.until is None else parse_instant(asked.until)
    wanted = Asked(symbol, Timeframe.parse(asked.timeframe), parse_instant(asked.since), until)
    found = home_of(asked.home)
    known = found is not None and Workspace(found).made
    workspace = open_workspace(asked.home) if known else Workspace(found or default_home())
    line = _line_teller(asked.as_json)
    vendor = open_vendor(workspace, asked.source, symbol, line, asked.from_trades)
    try:
        return pull(open_lake(workspace), vendor, wanted, SystemClock(), _progress_to(line))
    finally:
        if not known and workspace.lake.exists():
            make_workspace(workspace.home, None)
            note(f"made a workspace at {workspace.home}")


def _line_teller(as_json: bool) -> Callable[[str], None]:
    """Tells a person at a terminal how it goes; nobody else."""
    return note if sys.stderr.isatty() and not as_json else lambda line: None


def _progress_to(tell: Callable[[str], None]) -> Callable[[Any], None]:
    from quorum.domain import iso

    def progress(told: Any) -> None:
        upto = iso(told.upto // 10**9 * 10**9)
        tell(f"{told.series}: {told.share:4.0%}, to {upto}, {told.rows_added:,} bars added")

    return progress


def show_pull(report: Any) -> None:
    """What came, a line for each gap, and what is out of reach."""
    from quorum.domain import iso

    facts(
        {
            "series": report.series,
            "bars": report.rows,
            "from": iso(report.first),
            "to": iso(report.last),
            "added": report.rows_added,
            "revised": report.revised,
            "quarantined": report.quarantined,
            "gaps": len(report.gaps),
            "missing": report.missing,
            "pages asked for": report.pages,
        }
    )
    for gap in report.gaps[:_GAPS_SHOWN]:
        note(f"gap: {gap.missing} missing from {iso(gap.start)} to {iso(gap.end)}")
    if len(report.gaps) > _GAPS_SHOWN:
        note(f"and {len(report.gaps) - _GAPS_SHOWN} more gaps; `quorum data check {report.series.symbol}` has them all")
    for reason, count in report.reasons.items():
        note(f"quarantined: {count} ({reason})")
    if report.out_of_reach is not None:
        first, end = (iso(t // 10**9 * 10**9) for t in report.out_of_reach)
        note(f"out of reach: nothing from {first} to {end}; {report.remedy}")


def pull_facts(report: Any) -> dict[str, Any]:
    """The report as plain facts, times as text."""
    from quorum.domain import iso, plain

    told: dict[str, Any] = plain(report)
    del told["series"], told["out_of_reach"]
    series, lost = report.series, report.out_of_reach
    times = {name: iso(getattr(report, name)) for name in ("since", "first", "last")}
    times["until"] = iso(-(-report.until // 10**9) * 10**9)
    gaps = [{"start": iso(g.start), "end": iso(g.end), "missing": g.missing} for g in report.gaps]
    return {
        "symbol": series.symbol,
        "venue": series.venue,
        "timeframe": str(series.timeframe),
        **told,
        **times,
        "gaps": gaps,
        "missing": report.missing,
        "out_of_reach": None if lost is None else {"start": iso(lost.start), "end": iso(lost.end)},
    }
