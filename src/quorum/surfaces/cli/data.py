"""Commands around market data: import, pull, check, show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.pull import PullAsked, pull_facts, pulled, show_pull
from quorum.surfaces.cli.show import Home, Json, note, print_json, table, takes

KINDS = ("bars", "funding", "auto")
_IMPORTED = ("symbol", "venue", "timeframe", "rows", "added", "revised", "quarantined", "gaps", "missing")

app = typer.Typer(help="Market data: import, pull, check, show.", no_args_is_help=True, rich_markup_mode=None)


@dataclass(frozen=True)
class ImportAsked:
    """What `quorum data import` takes."""

    path: Annotated[Path, typer.Argument(help="A Parquet or CSV file, or a folder of them.")]
    kind: Annotated[str, typer.Option(help="bars, funding (rates of perpetuals), or auto for both.")] = "bars"
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
    """Import bars or funding: new ones are added, changed ones become revisions, impossible rows are set aside.

    Example: quorum data import bars/ --json
    Example: quorum data import BTCUSDT.binance_usdm.funding.parquet --kind funding
    """
    bars, funding = _take(asked)
    if asked.as_json:
        print_json({**_report(bars, funding), **({} if funding is None else {"funding": _funded(funding)})})
        return
    if bars is not None:
        table(_IMPORTED, [_import_row(s, str(s.timeframe), s.gaps, s.missing) for s in bars.symbols])
    if funding is not None:
        found = [(s, s.findings) for s in funding.symbols]
        table(_IMPORTED, [_import_row(s, "funding", len(f.gaps), f.missing) for s, f in found])
    for skipped in _skipped(bars, funding):
        note(f"passed over {skipped.file}: {skipped.reason}")


@app.command("pull")
@takes(PullAsked)
def pull_data(asked: PullAsked) -> None:
    """Pull closed bars from a venue or a vendor: only what the lake does not have, and its newest bar again.

    Each page is kept before the next is asked for, so a pull that was broken off goes on where it stopped.

    Example: quorum data pull BTCUSDT --source binance --timeframe 1h --since 2024-01-01
    """
    report = pulled(asked)
    if asked.as_json:
        print_json(pull_facts(report))
        return
    show_pull(report)


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
    lake = _lake(home)
    rates = () if timeframe else lake.rates.check(symbol)
    found = _state_of_bars(lake, symbol, timeframe, rates)
    if as_json:
        print_json({"series": [_checked(report) for report in found], "funding": _funded(rates)})
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
        table(names, [_check_row(report) for report in found] + [_funding_row(report) for report in rates])
    raise typer.Exit(0 if all(report.sound for report in (*found, *rates)) else 1)


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
    from quorum.domain import iso

    lake = _lake(home)
    if symbol is None:
        _list_series(lake, as_json)
        return
    bars = lake.bars(symbol, _length(timeframe) or lake.timeframe(symbol, venue), venue)
    rows = list(bars.slice(max(0, len(bars) - last), len(bars)).rows())
    if as_json:
        shown = [{**row._asdict(), "time": iso(row.time)} for row in rows]
        head = {"symbol": bars.symbol, "venue": bars.venue, "timeframe": str(bars.timeframe), "rows": len(bars)}
        print_json({**head, "revision": bars.revision, "data_hash": bars.data_hash, "bars": shown})
        return
    names = ("time", "open", "high", "low", "close", "volume", *(() if bars.funding is None else ("funding",)))
    table(names, [(iso(r.time), *r[1 : len(names)]) for r in rows])


def _list_series(lake: Any, as_json: bool) -> None:
    from quorum.domain import plain

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
    rates = lake.rates.series()
    if as_json:
        funding = [{**plain(s), "first": _iso(s.first), "last": _iso(s.last)} for s in rates]
        print_json({"series": known, "funding": funding})
        return
    names = ("symbol", "venue", "timeframe", "rows", "first", "last", "calendar", "closes_only", "revision")
    paid = [(s.symbol, s.venue, "funding", s.rows, _iso(s.first), _iso(s.last), "", "", s.revision) for s in rates]
    table(names, [*(tuple(row.values()) for row in known), *paid])


def _length(text: str | None) -> Any:
    from quorum.domain import Timeframe

    return Timeframe.parse(text) if text else None


def _state_of_bars(lake: Any, symbol: str | None, timeframe: str | None, rates: tuple[Any, ...]) -> tuple[Any, ...]:
    """The check of the bars; nothing for a symbol of which there are rates alone."""
    from quorum.domain import NotFound

    try:
        found: tuple[Any, ...] = lake.check(symbol, _length(timeframe))
    except NotFound:
        if not rates:
            raise
        return ()
    return found


def _iso(instant: int | None) -> str:
    from quorum.domain import iso

    return "" if instant is None else iso(instant)


def _take(asked: ImportAsked) -> tuple[Any, Any]:
    """Import into the workspace at hand; where there is none, one is made around what was imported."""
    from quorum.bootstrap import default_home, home_of, open_lake
    from quorum.desk import Workspace, make_workspace

    options, found = _options(asked), home_of(asked.home)
    if found is not None and Workspace(found).made:
        return _imported(_lake(asked.home), asked, options)
    folder = found or default_home()
    reports = _imported(open_lake(Workspace(folder)), asked, options)
    make_workspace(folder, None)
    note(f"made a workspace at {folder}")
    return reports


def _imported(lake: Any, asked: ImportAsked, options: Any) -> tuple[Any, Any]:
    """The report on bars and that on funding, None where the other kind alone was asked for."""
    if asked.kind == "bars":
        return lake.import_path(asked.path, options), None
    if asked.kind == "funding":
        return None, lake.rates.import_path(asked.path, options)
    bars, funding = lake.import_all(asked.path, options)
    return bars, funding


def _lake(home: Path | None) -> Any:
    from quorum.bootstrap import open_lake, open_workspace

    return open_lake(open_workspace(home))


def _options(asked: ImportAsked) -> Any:
    from quorum.domain import Timeframe, UsageError
    from quorum.lake import ImportOptions

    if asked.kind not in KINDS:
        raise UsageError(f"kind {asked.kind!r} is unknown", f"give one of {', '.join(KINDS)}")
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


def _report(bars: Any, funding: Any) -> dict[str, Any]:
    from quorum.domain import iso, plain

    symbols = []
    for s in () if bars is None else bars.symbols:
        revisions = [{**plain(r), "time": iso(r.time)} for r in s.revisions]
        facts = {**plain(s), "timeframe": str(s.timeframe), "first": _iso(s.first), "last": _iso(s.last)}
        symbols.append({**facts, "revisions": revisions})
    files = [file for report in (bars, funding) if report is not None for file in report.files]
    return {"symbols": symbols, "files": files, "skipped": _skipped(bars, funding)}


def _skipped(bars: Any, funding: Any) -> list[Any]:
    """What neither kind took."""
    reports = [report for report in (bars, funding) if report is not None]
    taken = {file for report in reports for file in report.files}
    return [skipped for report in reports for skipped in report.skipped if skipped.file not in taken]


def _import_row(taken: Any, length: str, gaps: int, missing: int) -> tuple[object, ...]:
    where = getattr(taken, "series", taken)
    done = (taken.rows_added, taken.revised, taken.quarantined)
    return (where.symbol, where.venue, length, where.rows, *done, gaps, missing)


def _funded(report: Any) -> list[dict[str, Any]]:
    """An import's or a check's word on funding rates, symbol by symbol."""
    from quorum.domain import plain

    facts = []
    for one in report if isinstance(report, tuple) else report.symbols:
        held: dict[str, Any] = plain(one)
        series = held.pop("series") | {"first": _iso(one.series.first), "last": _iso(one.series.last)}
        sound = {"sound": one.sound} if hasattr(one, "sound") else {}
        facts.append({**series, **held, **sound})
    return facts


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


def _funding_row(report: Any) -> tuple[object, ...]:
    series, found = report.series, report.findings
    state = "as written" if report.sound else f"DAMAGED: {', '.join(report.tampered)}"
    numbers = ("", "", "") if found is None else (len(found.gaps), found.missing, len(found.outliers))
    quarantined = sum(report.quarantined.values())
    return (series.symbol, series.venue, "funding", series.rows, *numbers, "", quarantined, state)
