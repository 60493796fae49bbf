"""Funding rates at rest: a folder a symbol, immutable segments, every revision, as bars are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from quorum.domain import Clock, DataError, NotFound, UsageError
from quorum.lake.bars import Bars
from quorum.lake.disk import (
    Change,
    Columns,
    Manifest,
    compare,
    folder_of,
    only_writer,
    overlay,
    read_bars,
    read_manifest,
    read_rejected,
    series_of,
    storage,
    sync,
    tampered,
    with_rejected,
    with_segment,
    write_manifest,
)
from quorum.lake.funding.quality import FundingFindings, inspect_funding
from quorum.lake.funding.rates import Funding, FundingInfo, with_funding
from quorum.lake.funding.reports import FundingCheck, FundingReport, FundingTaken
from quorum.lake.intake import Batch, merged
from quorum.lake.reports import Skipped
from quorum.lake.schema import ImportOptions
from quorum.lake.series import Series, readings
from quorum.lake.tables import SETTLED, NotFunding, Part, read_rates, table_files

COLUMNS = ("time", "rate")
PERPETUAL = ".perp"
_IMPORT = "bring rates in with `quorum data import FILE --kind funding`"


class FundingStore:
    """Funding rates below `root`; it reads and writes as safely as the Lake does."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root = root
        self._clock = clock

    def funding(self, symbol: str, venue: str | None = None, revision: int | None = None) -> Funding:
        """The rates of a symbol, which may be BTCUSDT.binance_usdm; the newest revision or an older one.

        NotFound when there are none, or no such revision; UsageError when several venues have them and none is said.
        """
        series = self._choose(symbol, venue)
        folder = folder_of(self._root, series)
        manifest = read_manifest(folder) or _blank(series)
        wanted = manifest.revision if revision is None else revision
        if not 1 <= wanted <= manifest.revision:
            raise NotFound(
                f"the funding of {series.name} has revisions 1 to {manifest.revision}, no {wanted}",
                "ask for one of them",
            )
        return _funding(manifest, read_bars(folder, manifest, wanted), wanted)

    def joined(self, bars: Bars, revision: int | None = None) -> Bars:
        """The bars with what is known of their funding, from their venue, or from V where theirs is V.perp.

        Unchanged when nothing is known, and with `revision` 0. The same symbol elsewhere is another instrument.
        """
        for venue in dict.fromkeys((bars.venue, bars.venue.removesuffix(PERPETUAL))):
            folder = folder_of(self._root, Series(bars.symbol, venue, SETTLED))
            if revision != 0 and (folder / "manifest.json").exists():
                return with_funding(bars, self.funding(bars.symbol, venue, revision))
        return bars

    def series(self) -> tuple[FundingInfo, ...]:
        """Every symbol that has rates, by symbol and venue."""
        return tuple(_info(manifest) for _, manifest in self._manifests(self._known()))

    def check(self, symbol: str | None = None, venue: str | None = None) -> tuple[FundingCheck, ...]:
        """The state of all rates, or of those of a symbol or a venue; empty when there are none."""
        wanted = readings(symbol, venue) if symbol is not None else ((None, venue),)
        fitting = [s for s in self._known() if any(n in (None, s.symbol) and v in (None, s.venue) for n, v in wanted)]
        return tuple(_check(folder, manifest) for folder, manifest in self._manifests(fitting))

    def import_path(self, path: Path, options: ImportOptions | None = None) -> FundingReport:
        """Bring in the table of rates at `path`, or every one below that folder, by the rules of bars.

        All files are read before anything is written. DataError for what cannot be read, or when nothing holds rates.
        """
        return self.take(path, *self.gather(path, options or ImportOptions()))

    def gather(self, path: Path, options: ImportOptions) -> tuple[tuple[Part, ...], tuple[Skipped, ...]]:
        """What `import_path` would take in, and the tables that hold no rates; nothing is written."""
        if not path.is_dir():
            if not path.exists():
                raise DataError(f"{path}: there is no such file or folder", "give the path of a Parquet or CSV file")
            return read_rates(path, path.name, options), ()
        parts: list[Part] = []
        skipped: list[Skipped] = []
        for file in table_files(path):
            source = file.relative_to(path).as_posix()
            try:
                parts += read_rates(file, source, options)
            except NotFunding as error:
                skipped.append(Skipped(source, str(error)))
        return tuple(parts), tuple(skipped)

    def take(self, path: Path, parts: tuple[Part, ...], skipped: tuple[Skipped, ...]) -> FundingReport:
        """Write what `gather` found."""
        if not parts:
            raise DataError(f"{path}: no funding rates in {len(skipped)} tables", "import them as bars")
        by_series: dict[Series, list[Part]] = {}
        for part in parts:
            by_series.setdefault(part.series, []).append(part)
        batches = (merged(by_series[series]) for series in sorted(by_series))
        taken = tuple(self._take(batch) for batch in batches if len(batch.time))
        with storage(self._root):
            sync(self._root)
        return FundingReport(taken, tuple(dict.fromkeys(p.source for p in parts)), skipped)

    def _take(self, batch: Batch) -> FundingTaken:
        folder = folder_of(self._root, batch.series)
        with storage(folder), only_writer(folder):
            before = read_manifest(folder)
            manifest = before or _blank(batch.series)
            old = read_bars(folder, manifest, manifest.revision)
            change = compare(old, {"time": batch.time, **batch.columns})
            state, after = self._grown(folder, manifest, old, change)
            after = with_rejected(folder, after, batch.rejected)
            if after != before:
                write_manifest(folder, after)
            sync(folder.parent)
        return FundingTaken(
            series=_info(after),
            rows_added=change.added,
            revised=len(change.revised_old),
            duplicates=batch.duplicates,
            quarantined=len(batch.rejected),
            reasons=batch.reasons,
            findings=inspect_funding(_funding(after, state, after.revision)),
        )

    def _grown(self, folder: Path, manifest: Manifest, old: Columns, change: Change) -> tuple[Columns, Manifest]:
        if not len(change.rows["time"]):
            return old, manifest
        state = overlay(old, change.rows)
        return state, with_segment(folder, manifest, change, state, self._clock.now(), None)

    def _known(self) -> list[Series]:
        if not self._root.is_dir():
            return []
        found = (series_of(manifest.parent) for manifest in self._root.glob("*/*/manifest.json"))
        return sorted(s for s in found if s is not None)

    def _choose(self, symbol: str, venue: str | None) -> Series:
        known = self._known()
        for wanted, at in readings(symbol, venue):
            fitting = [s for s in known if s.symbol == wanted and at in (None, s.venue)]
            if len(fitting) > 1:
                venues = ", ".join(s.venue for s in fitting)
                raise UsageError(f"the funding of {wanted} is there from several venues: {venues}", "say which venue")
            if fitting:
                return fitting[0]
        names = ", ".join(s.name for s in known[:8]) or "none"
        asked = symbol if venue is None else f"{symbol}.{venue}"
        raise NotFound(f"no funding of {asked} in the lake, which has {names}", _IMPORT)

    def _manifests(self, wanted: list[Series]) -> Iterator[tuple[Path, Manifest]]:
        for series in wanted:
            folder = folder_of(self._root, series)
            manifest = read_manifest(folder)
            if manifest is not None:
                yield folder, manifest


def _blank(series: Series) -> Manifest:
    return Manifest(series, "24/7", False, COLUMNS, None, 0, 0, 0, 0)


def _funding(manifest: Manifest, columns: Columns, revision: int) -> Funding:
    time, rate = (np.ascontiguousarray(columns[name]) for name in COLUMNS)
    return Funding(manifest.series.symbol, manifest.series.venue, time, rate, revision)


def _info(manifest: Manifest) -> FundingInfo:
    symbol, venue, _ = manifest.series
    return FundingInfo(symbol, venue, manifest.rows, manifest.first, manifest.last, manifest.revision)


def _check(folder: Path, manifest: Manifest) -> FundingCheck:
    damaged = tampered(folder, manifest)
    intact = tuple(q for q in manifest.quarantine if q.file not in damaged)
    reasons = Counter(r.reason for r in read_rejected(folder, replace(manifest, quarantine=intact)))
    return FundingCheck(_info(manifest), _findings(folder, manifest, damaged), reasons, damaged)


def _findings(folder: Path, manifest: Manifest, damaged: tuple[str, ...]) -> FundingFindings | None:
    try:
        columns = read_bars(folder, manifest, manifest.revision)
    except DataError:
        if not damaged:
            raise
        return None
    return inspect_funding(_funding(manifest, columns, manifest.revision))
