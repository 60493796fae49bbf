"""The lake: bars at rest, every revision of them, one folder a series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from quorum.domain import Clock, DataError, NotFound, Timeframe
from quorum.lake.bars import Bars
from quorum.lake.calendars import detect_calendar
from quorum.lake.disk import (
    Change,
    Columns,
    Manifest,
    Segment,
    compare,
    folder_of,
    only_writer,
    overlay,
    read_bars,
    read_manifest,
    read_rejected,
    safe,
    series_of,
    storage,
    sync,
    tampered,
    write_bars,
    write_manifest,
    write_rejected,
)
from quorum.lake.intake import Batch, gather
from quorum.lake.quality import Findings, find_decimals, inspect
from quorum.lake.reports import CheckReport, ImportReport, Revised, SeriesInfo, Skipped, SymbolReport
from quorum.lake.schema import VALUES, ImportOptions
from quorum.lake.series import Series, choose, readings, unknown
from quorum.lake.tables import Rejected

_LONGEST_CHAIN = 32
_SHOWN = 20
_WRITERS = 4


class Lake:
    """Bars below `root`: a reader sees whole revisions only and waits for nobody; what was written stays.

    Any number of processes may read and import at the same time. Nothing is made before the first import.
    """

    def __init__(self, root: Path, clock: Clock) -> None:
        self._bars = root / "bars"
        self._clock = clock

    def bars(self, symbol: str, timeframe: Timeframe, venue: str | None = None, revision: int | None = None) -> Bars:
        """The bars of a series, newest revision or as they were at `revision`; `symbol` may be BTCUSDT.binance.

        NotFound, naming what comes close, for a series or a revision that is not there; UsageError when several
        venues have it and none is said; DataError when a file of it is damaged.
        """
        folder, manifest = self._find(symbol, timeframe, venue)
        wanted = manifest.revision if revision is None else revision
        if not 1 <= wanted <= manifest.revision:
            raise NotFound(
                f"{manifest.series} has revisions 1 to {manifest.revision}, no {wanted}", "ask for one of them"
            )
        columns = read_bars(folder, manifest, wanted)
        chain = manifest.at(wanted)
        return _as_bars(manifest.series, columns, chain[-1].price_decimals, wanted)

    def series(self) -> tuple[SeriesInfo, ...]:
        """Every series that is there, by symbol, venue and timeframe."""
        return tuple(_info(manifest) for _, manifest in self._manifests(self._known()))

    def import_path(self, path: Path, options: ImportOptions | None = None) -> ImportReport:
        """Bring in the table at `path`, or every table below that folder.

        All files are read before anything is written, and each series takes its rows whole or not at all. Rows
        that are there already change nothing; a row with other values is a new revision of its bar. DataError for
        what cannot be read, WorkspaceError when the disk refuses.
        """
        options = options or ImportOptions()
        intake = gather(path, options)
        batches: list[Batch] = []
        hopeless: list[Batch] = []
        for batch in intake.batches:
            manifest = read_manifest(folder_of(self._bars, batch.series))
            _need_same_columns(manifest, batch)
            (batches if manifest or len(batch.time) else hopeless).append(batch)
        with ThreadPoolExecutor(_WRITERS) as writers:
            reports = tuple(writers.map(lambda batch: self._take(batch, options.calendar), batches))
        with storage(self._bars):
            for folder in (*{folder_of(self._bars, b.series).parent for b in batches}, self._bars):
                sync(folder)
        skipped = (Skipped(", ".join(b.files), f"{b.series}: {b.verdict}") for b in hopeless)
        return ImportReport(reports, intake.files, (*intake.skipped, *skipped))

    def check(
        self, symbol: str | None = None, timeframe: Timeframe | None = None, venue: str | None = None
    ) -> tuple[CheckReport, ...]:
        """The state of all series, or of those of a symbol, a timeframe or a venue: quality, quarantine, damage.

        NotFound when nothing fits.
        """
        known = self._known()
        wanted = readings(symbol, venue) if symbol is not None else ((None, venue),)
        fitting = [
            s for s in known if timeframe in (None, s.timeframe) and any(_fits(s, name, at) for name, at in wanted)
        ]
        if not fitting and (symbol is not None or known):
            raise unknown(known, f"{symbol or 'anything'} {timeframe or ''}".strip(), venue)
        return tuple(_check(folder, manifest) for folder, manifest in self._manifests(fitting))

    def quarantine(self, symbol: str, timeframe: Timeframe, venue: str | None = None) -> tuple[Rejected, ...]:
        """The rows of a series that were set aside, in the order in which they came; errors as for `bars`."""
        folder, manifest = self._find(symbol, timeframe, venue)
        return read_rejected(folder, manifest)

    def _find(self, symbol: str, timeframe: Timeframe, venue: str | None) -> tuple[Path, Manifest]:
        prefixes = tuple(f"{safe(name)}." for name, _ in readings(symbol, venue))
        series = choose(self._known(prefixes) or self._known(), symbol, timeframe, venue)
        folder = folder_of(self._bars, series)
        manifest = read_manifest(folder)
        if manifest is None:
            raise unknown((), symbol, venue)
        return folder, manifest

    def _known(self, prefixes: tuple[str, ...] = ("",)) -> list[Series]:
        if not self._bars.is_dir():
            return []
        named = (f for f in self._bars.iterdir() if f.name.startswith(prefixes) and f.is_dir())
        found = (series_of(m.parent) for f in named for m in f.glob("*/manifest.json"))
        return sorted(s for s in found if s is not None)

    def _manifests(self, wanted: list[Series]) -> Iterator[tuple[Path, Manifest]]:
        for series in wanted:
            folder = folder_of(self._bars, series)
            manifest = read_manifest(folder)
            if manifest is not None:
                yield folder, manifest

    def _take(self, batch: Batch, calendar: str) -> SymbolReport:
        """Bring one batch into its series; the manifest that is swapped in last makes it count."""
        folder = folder_of(self._bars, batch.series)
        with storage(folder), only_writer(folder):
            before = read_manifest(folder)
            _need_same_columns(before, batch)
            manifest = before or _blank(batch)
            old = read_bars(folder, manifest, manifest.revision)
            change = compare(old, {"time": batch.time, **batch.columns})
            state = overlay(old, change.rows) if len(change.rows["time"]) else old
            after = _with_calendar(manifest, state, calendar)
            if state is not old:
                after = self._with_segment(folder, after, change, state)
            after = _with_rejected(folder, after, batch.rejected)
            if after != before:
                write_manifest(folder, after)
        return _report(batch, after, state, _revisions(old, batch, change), change.added)

    def _with_segment(self, folder: Path, manifest: Manifest, change: Change, state: Columns) -> Manifest:
        revision = manifest.revision + 1
        whole = not manifest.revision or len(manifest.at(manifest.revision)) >= _LONGEST_CHAIN
        rows = state if whole else change.rows
        decimals = find_decimals(state)
        file, digest = write_bars(folder, revision, rows)
        first, last, known_at = int(rows["time"][0]), int(rows["time"][-1]), self._clock.now()
        segment = Segment(file, revision, len(rows["time"]), first, last, digest, known_at, decimals, whole)
        return replace(
            manifest,
            revision=revision,
            segments=(*manifest.segments, segment),
            price_decimals=decimals,
            rows=len(state["time"]),
            first=int(state["time"][0]),
            last=int(state["time"][-1]),
        )


def _fits(series: Series, symbol: str | None, venue: str | None) -> bool:
    return symbol in (None, series.symbol) and venue in (None, series.venue)


def _blank(batch: Batch) -> Manifest:
    columns = ("time", *(n for n in VALUES if n in batch.columns))
    return Manifest(batch.series, "24/7", False, columns, None, 0, 0, 0, 0)


def _need_same_columns(manifest: Manifest | None, batch: Batch) -> None:
    if manifest is not None and set(manifest.columns) != {"time", *batch.columns}:
        raise DataError(
            f"{', '.join(batch.files[:3])}: has {', '.join(batch.columns)}, "
            f"the lake holds {batch.series} with {', '.join(manifest.columns[1:])}",
            "import it with another venue",
        )


def _with_calendar(manifest: Manifest, state: Columns, asked: str) -> Manifest:
    """The calendar asked for, else one that was asked for before, else the one that the times keep."""
    if asked != "auto":
        return replace(manifest, calendar=asked, calendar_asked=True)
    if manifest.calendar_asked:
        return manifest
    return replace(manifest, calendar=detect_calendar(state["time"], manifest.series.timeframe))


def _with_rejected(folder: Path, manifest: Manifest, rejected: tuple[Rejected, ...]) -> Manifest:
    known = set(read_rejected(folder, manifest)) if rejected else set()
    fresh = [r for r in dict.fromkeys(rejected) if r not in known]
    if not fresh:
        return manifest
    written = write_rejected(folder, manifest.revision, fresh)
    return replace(manifest, quarantine=(*manifest.quarantine, written))


def _as_bars(series: Series, columns: Columns, price_decimals: int | None, revision: int) -> Bars:
    held: dict[str, Any] = dict(columns)
    return Bars(**series._asdict(), **held, price_decimals=price_decimals, revision=revision)


def _revisions(old: Columns, batch: Batch, change: Change) -> tuple[Revised, ...]:
    return tuple(
        Revised(int(old["time"][i]), float(old["close"][i]), float(batch.columns["close"][j]))
        for i, j in zip(change.revised_old, change.revised_new, strict=True)
    )


def _report(
    batch: Batch, manifest: Manifest, state: Columns, revisions: tuple[Revised, ...], added: int
) -> SymbolReport:
    findings = inspect(_as_bars(manifest.series, state, manifest.price_decimals, 0), manifest.calendar)
    return SymbolReport(
        **batch.series._asdict(),
        rows=manifest.rows,
        rows_added=added,
        revised=len(revisions),
        duplicates=batch.duplicates,
        out_of_order=batch.out_of_order,
        gaps=len(findings.gaps),
        missing=findings.missing,
        quarantined=len(batch.rejected),
        reasons=batch.reasons,
        outliers=len(findings.outliers),
        zero_volume=findings.zero_volume_bars,
        stale_tail=findings.stale_tail,
        off_grid=len(findings.off_grid),
        first=manifest.first,
        last=manifest.last,
        calendar=manifest.calendar,
        price_decimals=manifest.price_decimals,
        revision=manifest.revision,
        files=batch.files,
        revisions=revisions[:_SHOWN],
    )


def _info(manifest: Manifest) -> SeriesInfo:
    return SeriesInfo(
        **manifest.series._asdict(),
        calendar=manifest.calendar,
        closes_only="open" not in manifest.columns,
        price_decimals=manifest.price_decimals,
        rows=manifest.rows,
        first=manifest.first,
        last=manifest.last,
        revision=manifest.revision,
    )


def _check(folder: Path, manifest: Manifest) -> CheckReport:
    damaged = tampered(folder, manifest)
    return CheckReport(
        series=_info(manifest),
        findings=_findings(folder, manifest, damaged),
        quarantined=_reasons(folder, manifest, damaged),
        tampered=damaged,
    )


def _findings(folder: Path, manifest: Manifest, damaged: tuple[str, ...]) -> Findings | None:
    try:
        state = read_bars(folder, manifest, manifest.revision)
    except DataError:
        if not damaged:
            raise
        return None
    return inspect(_as_bars(manifest.series, state, manifest.price_decimals, 0), manifest.calendar)


def _reasons(folder: Path, manifest: Manifest, damaged: tuple[str, ...]) -> Counter[str]:
    intact = tuple(q for q in manifest.quarantine if q.file not in damaged)
    return Counter(r.reason for r in read_rejected(folder, replace(manifest, quarantine=intact)))
