"""The lake: bars at rest, every revision of them, one folder a series."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from quorum.domain import Clock, DataError, NotFound, Timeframe, UsageError
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
    read_pulled,
    read_rejected,
    safe,
    series_of,
    storage,
    sync,
    tampered,
    with_rejected,
    with_segment,
    write_manifest,
    write_pulled,
)
from quorum.lake.funding import Funding, FundingReport, FundingStore
from quorum.lake.intake import Batch, Rows, gather, sort_out
from quorum.lake.quality import Findings, find_decimals, inspect
from quorum.lake.reports import CheckReport, ImportReport, Revised, SeriesInfo, Skipped, SymbolReport, Taken
from quorum.lake.schema import VALUES, ImportOptions, NotBars
from quorum.lake.series import Series, Span, choose, joined, readings, unknown
from quorum.lake.tables import NotFunding, Rejected

_SHOWN = 20
_WRITERS = 4


class Lake:
    """Bars below `root`: a reader sees whole revisions only and waits for nobody; what was written stays.

    Any number of processes may read and import at the same time. Nothing is made before the first import.
    """

    def __init__(self, root: Path, clock: Clock) -> None:
        self._bars = root / "bars"
        self._clock = clock
        self.rates = FundingStore(root / "funding", clock)
        self._held: tuple[Path, Segment, Columns] | None = None

    def bars(
        self,
        symbol: str,
        timeframe: Timeframe,
        venue: str | None = None,
        revision: int | None = None,
        funding_revision: int | None = None,
    ) -> Bars:
        """The bars of a series, newest revision or as they were at `revision`; `symbol` may be BTCUSDT.binance.

        They have the funding that the lake knows for their venue, or for V where theirs is V.perp: its newest
        revision or `funding_revision`, with 0 none.
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
        bars = _as_bars(manifest.series, columns, manifest.at(wanted)[-1].price_decimals, wanted)
        return self.rates.joined(bars, funding_revision)

    def timeframe(self, symbol: str, venue: str | None = None) -> Timeframe:
        """The only timeframe that the symbol has; UsageError when there are several, NotFound for none."""
        known = self._known(tuple(f"{safe(name)}." for name, _ in readings(symbol, venue)))
        fitting = [s for s in known if any(_fits(s, name, at) for name, at in readings(symbol, venue))]
        lengths = sorted({s.timeframe for s in fitting})
        if not lengths:
            raise unknown(self._known(), symbol, venue)
        if len(lengths) > 1:
            raise UsageError(f"{symbol} has bars of {', '.join(map(str, lengths))}", "choose one with --timeframe")
        return lengths[0]

    def funding(self, symbol: str, venue: str | None = None, revision: int | None = None) -> Funding:
        """The funding rates of a symbol; errors as for `bars`. What else there is to know of them is in `rates`."""
        return self.rates.funding(symbol, venue, revision)

    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """Every series that is there, or those of `symbol`, which alone are opened; by symbol, venue and timeframe."""
        known = self._known() if symbol is None else self._known((f"{safe(symbol)}.",))
        return tuple(_info(manifest) for _, manifest in self._manifests(known))

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
        self._sync([b.series for b in batches])
        skipped = (Skipped(", ".join(b.files), f"{b.series}: {b.verdict}") for b in hopeless)
        return ImportReport(reports, intake.files, (*intake.skipped, *skipped))

    def import_all(
        self, path: Path, options: ImportOptions | None = None
    ) -> tuple[ImportReport | None, FundingReport | None]:
        """Bring in bars and funding rates, each table as what it is; None for a kind that is not there."""
        options = options or ImportOptions()
        try:
            parts, others = self.rates.gather(path, options)
        except NotFunding:
            return self.import_path(path, options), None
        bars = None
        if others or not parts:
            try:
                bars = self.import_path(path, options)
            except NotBars:
                if not parts:
                    raise
        return bars, self.rates.take(path, parts, others) if parts else None

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

    def newest(self, series: Series) -> SeriesInfo | None:
        """What the lake holds of exactly this series; None when it holds nothing."""
        manifest = read_manifest(folder_of(self._bars, series))
        return None if manifest is None or not manifest.rows else _info(manifest)

    def asked(self, series: Series) -> tuple[Span, ...]:
        """Which opens (ns UTC) of the series need not be asked for: known, or known not to exist.

        A series that was never pulled counts as whole from its first bar to its last.
        """
        folder = folder_of(self._bars, series)
        manifest = read_manifest(folder)
        if manifest is None or not manifest.rows:
            return ()
        pulled = read_pulled(folder)
        return (Span(manifest.first, manifest.last + 1),) if pulled is None else pulled

    def take(self, rows: Rows, asked: Span) -> Taken | None:
        """Bring in rows that answer the question for `asked`, by the rules of an import; None when there is no bar.

        Behind the newest bar nothing counts as asked for: a vendor may be late with a bar. After a crash between the
        rows and that record the same rows may come again. DataError when none of the rows is a bar, or when the
        series has other columns.
        """
        batch, folder = sort_out(rows), folder_of(self._bars, rows.series)
        known = read_manifest(folder)
        if known is None and not len(batch.time):
            if batch.rejected:
                raise DataError(f"{rows.source}: {rows.series}: {batch.verdict}", "nothing of it was taken")
            return None
        with storage(folder), only_writer(folder):
            before = self.asked(rows.series)
            commit = self._commit(folder, batch, "auto")
            write_pulled(folder, joined((*before, asked._replace(end=min(asked.end, commit.manifest.last + 1)))))
        if commit.manifest.segments:
            self._held = folder, commit.manifest.segments[-1], commit.state
        if known is None:
            self._sync([rows.series])
        return _taken(batch, commit)

    def ask_anew(self, series: Series) -> None:
        """Forget what was asked for: every bar of the series is asked for again."""
        folder = folder_of(self._bars, series)
        with storage(folder), only_writer(folder):
            write_pulled(folder, ())

    def _find(self, symbol: str, timeframe: Timeframe, venue: str | None) -> tuple[Path, Manifest]:
        named = [Series(name, at, timeframe) for name, at in readings(symbol, venue) if at is not None]
        there = [series for series in named if (folder_of(self._bars, series) / "manifest.json").exists()]
        prefixes = tuple(f"{safe(name)}." for name, _ in readings(symbol, venue))
        exact = there if venue is not None else []
        series = exact[0] if exact else choose(self._known(prefixes) or self._known(), symbol, timeframe, venue)
        folder = folder_of(self._bars, series)
        manifest = read_manifest(folder)
        if manifest is None:
            raise unknown((), symbol, venue)
        return folder, manifest

    def _known(self, prefixes: tuple[str, ...] = ("",)) -> list[Series]:
        if not self._bars.is_dir():
            return []
        named = (self._bars / name for name in os.listdir(self._bars) if name.startswith(prefixes))
        found = (series_of(m.parent) for f in named for m in f.glob("*/manifest.json"))
        return sorted(s for s in found if s is not None)

    def _manifests(self, wanted: list[Series]) -> Iterator[tuple[Path, Manifest]]:
        for series in wanted:
            folder = folder_of(self._bars, series)
            manifest = read_manifest(folder)
            if manifest is not None:
                yield folder, manifest

    def _sync(self, made: list[Series]) -> None:
        with storage(self._bars):
            for folder in (*{folder_of(self._bars, series).parent for series in made}, self._bars):
                sync(folder)

    def _take(self, batch: Batch, calendar: str) -> SymbolReport:
        folder = folder_of(self._bars, batch.series)
        with storage(folder), only_writer(folder):
            commit = self._commit(folder, batch, calendar)
        return _report(batch, commit)

    def _commit(self, folder: Path, batch: Batch, calendar: str) -> _Commit:
        """Bring one batch into its series; the manifest that is swapped in last makes it count."""
        before = read_manifest(folder)
        _need_same_columns(before, batch)
        manifest = before or _blank(batch)
        old = self._state(folder, manifest)
        change = compare(old, {"time": batch.time, **batch.columns})
        state = overlay(old, change.rows) if len(change.rows["time"]) else old
        after = _with_calendar(manifest, state, calendar)
        if state is not old:
            after = with_segment(folder, after, change, state, self._clock.now(), find_decimals(state))
        after = with_rejected(folder, after, batch.rejected)
        if after != before:
            write_manifest(folder, after)
        return _Commit(after, old, state, change)

    def _state(self, folder: Path, manifest: Manifest) -> Columns:
        """The newest bars of a series; what `take` has just written is not read again."""
        held = self._held
        if held is not None and held[0] == folder and held[1] in manifest.segments[-1:]:
            return held[2]
        return read_bars(folder, manifest, manifest.revision)


class _Commit(NamedTuple):
    """A batch in its series: the manifest after it, the bars before and after, and what changed."""

    manifest: Manifest
    old: Columns
    state: Columns
    change: Change


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


def _as_bars(series: Series, columns: Columns, price_decimals: int | None, revision: int) -> Bars:
    held: dict[str, Any] = dict(columns)
    return Bars(**series._asdict(), **held, price_decimals=price_decimals, revision=revision)


def _revisions(old: Columns, batch: Batch, change: Change) -> tuple[Revised, ...]:
    return tuple(
        Revised(int(old["time"][i]), float(old["close"][i]), float(batch.columns["close"][j]))
        for i, j in zip(change.revised_old, change.revised_new, strict=True)
    )


def _taken(batch: Batch, commit: _Commit) -> Taken:
    manifest, change = commit.manifest, commit.change
    return Taken(
        rows=manifest.rows,
        rows_added=change.added,
        revised=len(change.revised_old),
        duplicates=batch.duplicates,
        out_of_order=batch.out_of_order,
        reasons=batch.reasons,
        first=manifest.first,
        last=manifest.last,
        revision=manifest.revision,
    )


def _report(batch: Batch, commit: _Commit) -> SymbolReport:
    manifest, state, added = commit.manifest, commit.state, commit.change.added
    revisions = _revisions(commit.old, batch, commit.change)
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
    findings, quarantined = _findings(folder, manifest, damaged), _reasons(folder, manifest, damaged)
    return CheckReport(series=_info(manifest), findings=findings, quarantined=quarantined, tampered=damaged)


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
