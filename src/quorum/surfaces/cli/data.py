"""Commands around market data: import, check, show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, note, print_json, table, takes

app = typer.Typer(help="Market data: import, check, show.", no_args_is_help=True, rich_markup_mode=None)


@dataclass(frozen=True)
class ImportAsked:
    """What `quorum data import` takes."""

    path: Annotated[Path, typer.Argument(help="A Parquet or CSV file of bars, or a folder of them.")]
    symbol: Annotated[str | None, typer.Option(help="The symbol, when neither a column nor the name tells it.")] = None
    venue: Annotated[str | None, typer.Option(help="The venue.")] = None
    timeframe: Annotated[str | None, typer.Option(help="Length of a bar, when the times do not tell it.")] = None
    tz: Annotated[str | None, typer.Option(help="Time zone of times without an offset, as America/New_York.")] = None
    unit: Annotated[str | None, typer.Option(help="Unit of numeric times: s, ms, us or ns.")] = None
    column: Annotated[list[str] | None, typer.Option(help="NAME=COLUMN, as close=settle; several times.")] = None
    calendar: Annotated[str, typer.Option(help="auto, 24/7, 24/5, weekdays, XNYS or sessions.")] = "auto"
    time_is: Annotated[str, typer.Option(help="Whether a row's time is its bar's open or close.")] = "open"
    date_format: Annotated[str | None, typer.Option(help="Format of times, as %d/%m/%Y %H:%M.")] = None
    home: Home = None
    as_json: Json = False


@app.command("import")
@takes(ImportAsked)
def import_data(asked: ImportAsked) -> None:
    """Import bars: new ones are added, changed ones become revisions, impossible rows are set aside.

    Example: quorum data import bars/ --json
    """
    report = _take(asked)
    if asked.as_json:
        print_json(_report(report))
        return
    rows = [
        (s.symbol, s.venue, str(s.timeframe), s.rows, s.rows_added, s.revised, s.quarantined, s.gaps, s.missing)
        for s in report.symbols
    ]
    names = ("symbol", "venue", "timeframe", "rows", "added", "revised", "quarantined", "gaps", "missing")
    table(names, rows)
    for skipped in report.skipped:
        note(f"passed over {skipped.file}: {skipped.reason}")


@app.command("check")
def check_data(
    symbol: Annotated[str | None, typer.Argument(help="One symbol; else all.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="One length of bars; else all.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Report gaps, flags, quarantined rows and damaged files; ends with 1 when a file is not as it was written.

    Example: quorum data check BTCUSDT
    """
    from quorum.domain import Timeframe

    found = _lake(home).check(symbol, Timeframe.parse(timeframe) if timeframe else None)
    if as_json:
        print_json({"series": [_checked(report) for report in found]})
    else:
        names = (
            "symbol",
            "venue",
            "timeframe",
            "rows",
            "gaps",
            "missing",
            "outliers",
            "stale tail",
            "quarantined",
            "files",
        )
        table(names, [_check_row(report) for report in found])
    raise typer.Exit(0 if all(report.sound for report in found) else 1)


@app.command("show")
def show_data(
    symbol: Annotated[str | None, typer.Argument(help="One symbol; else the list of series.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="Length of its bars; else its only one.")] = None,
    venue: Annotated[str | None, typer.Option(help="When several venues have the symbol.")] = None,
    last: Annotated[int, typer.Option(min=1, max=100_000, help="How many bars, from the end.")] = 10,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List the series, or show the last bars of one.

    Example: quorum data show BTCUSDT --timeframe 1h --last 5
    """
    from quorum.domain import Timeframe, UsageError, iso

    lake = _lake(home)
    if symbol is None:
        _list_series(lake, as_json)
        return
    lengths = sorted({s.timeframe for s in lake.series() if symbol in (s.symbol, f"{s.symbol}.{s.venue}")})
    if timeframe is None and len(lengths) > 1:
        raise UsageError(f"{symbol} has bars of {', '.join(map(str, lengths))}", "choose one with --timeframe")
    length = Timeframe.parse(timeframe) if timeframe else (lengths[0] if lengths else Timeframe.parse("1h"))
    bars = lake.bars(symbol, length, venue)
    rows = list(bars.slice(max(0, len(bars) - last), len(bars)).rows())
    if as_json:
        shown = [{**row._asdict(), "time": iso(row.time)} for row in rows]
        head = {"symbol": bars.symbol, "venue": bars.venue, "timeframe": str(bars.timeframe), "rows": len(bars)}
        print_json({**head, "revision": bars.revision, "data_hash": bars.data_hash, "bars": shown})
        return
    table(("time", "open", "high", "low", "close", "volume"), [(iso(r.time), *r[1:]) for r in rows])


def _list_series(lake: Any, as_json: bool) -> None:
    known = [
        {
            "symbol": s.symbol,
            "venue": s.venue,
            "timeframe": str(s.timeframe),
            "rows": s.rows,
            "first": _iso(s.first),
            "last": _iso(s.last),
            "calendar": s.calendar,
            "closes_only": s.closes_only,
            "revision": s.revision,
        }
        for s in lake.series()
    ]
    if as_json:
        print_json({"series": known})
        return
    table(tuple(known[0]) if known else ("symbol",), [tuple(row.values()) for row in known])


def _iso(instant: int | None) -> str:
    from quorum.domain import iso

    return "" if instant is None else iso(instant)


def _take(asked: ImportAsked) -> Any:
    """Import into the workspace at hand; where there is none, one is made around what was imported."""
    from quorum.bootstrap import default_home, home_of, open_lake
    from quorum.desk import Workspace, make_workspace

    options, found = _options(asked), home_of(asked.home)
    if found is not None and found.exists():
        return _lake(asked.home).import_path(asked.path, options)
    folder = found or default_home()
    report = open_lake(Workspace(folder)).import_path(asked.path, options)
    make_workspace(folder, None)
    note(f"made a workspace at {folder}")
    return report


def _lake(home: Path | None) -> Any:
    from quorum.bootstrap import open_lake, open_workspace

    return open_lake(open_workspace(home))


def _options(asked: ImportAsked) -> Any:
    from quorum.domain import Timeframe, UsageError
    from quorum.lake import ImportOptions

    columns = {}
    for pair in asked.column or []:
        name, found, value = pair.partition("=")
        if not found:
            raise UsageError(f"column {pair!r} names no column of the file", "write --column close=settle")
        columns[name] = value
    return ImportOptions(
        symbol=asked.symbol,
        venue=asked.venue,
        timeframe=Timeframe.parse(asked.timeframe) if asked.timeframe else None,
        tz=asked.tz,
        unit=asked.unit,
        columns=columns,
        calendar=asked.calendar,
        time_is=asked.time_is,
        date_format=asked.date_format,
    )


def _report(report: Any) -> dict[str, Any]:
    from quorum.domain import iso, plain

    symbols = []
    for s in report.symbols:
        revisions = [{**plain(r), "time": iso(r.time)} for r in s.revisions]
        facts = {**plain(s), "timeframe": str(s.timeframe), "first": _iso(s.first), "last": _iso(s.last)}
        symbols.append({**facts, "revisions": revisions})
    return {"symbols": symbols, "files": report.files, "skipped": report.skipped}


def _checked(report: Any) -> dict[str, Any]:
    from quorum.domain import plain

    facts: dict[str, Any] = plain(report)
    facts["series"] |= {
        "timeframe": str(report.series.timeframe),
        "first": _iso(report.series.first),
        "last": _iso(report.series.last),
    }
    return {**facts.pop("series"), **facts, "sound": report.sound}


def _check_row(report: Any) -> tuple[object, ...]:
    series, found = report.series, report.findings
    quarantined = sum(report.quarantined.values())
    state = "as written" if report.sound else f"DAMAGED: {', '.join(report.tampered)}"
    numbers = (
        ("", "", "", "") if found is None else (len(found.gaps), found.missing, len(found.outliers), found.stale_tail)
    )
    return (series.symbol, series.venue, str(series.timeframe), series.rows, *numbers, quarantined, state)
