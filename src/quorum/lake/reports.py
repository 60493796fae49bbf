"""What the lake says about an import, about a series, and about what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quorum.domain import Timeframe
from quorum.lake.quality import Findings


@dataclass(frozen=True, slots=True)
class Revised:
    """A bar whose values an import changed: its open in ns UTC, its close before and after."""

    time: int
    old_close: float
    new_close: float


@dataclass(frozen=True, slots=True)
class SymbolReport:
    """What an import did to one series.

    `rows`, `first`, `last` (opens in ns UTC), `gaps`, `missing` bars and the flags `outliers`,
    `zero_volume` bars, `stale_tail` and `off_grid` bars are those of the series after the import. `duplicates`,
    `out_of_order` and `quarantined` count rows of the files given, `reasons` the quarantined ones by reason.
    `revisions` shows up to 20 of the `revised` bars.
    """

    symbol: str
    venue: str
    timeframe: Timeframe
    rows: int
    rows_added: int
    revised: int
    duplicates: int
    out_of_order: int
    gaps: int
    missing: int
    quarantined: int
    reasons: Mapping[str, int]
    outliers: int
    zero_volume: int
    stale_tail: int
    off_grid: int
    first: int
    last: int
    calendar: str
    price_decimals: int | None
    revision: int
    files: tuple[str, ...]
    revisions: tuple[Revised, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What rows from elsewhere than a file did to their series, as in SymbolReport.

    `rows`, `first` and `last` (opens in ns UTC) are those of the series after them.
    """

    rows: int
    rows_added: int
    revised: int
    duplicates: int
    out_of_order: int
    reasons: Mapping[str, int]
    first: int
    last: int
    revision: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was passed over because it holds no bars: a file of a folder, or a symbol of a file; with the reason."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did: a report for each series, in order; the files that were read and those passed over."""

    symbols: tuple[SymbolReport, ...]
    files: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """A series of the lake as its manifest describes it; `first` and `last` are opens in ns UTC."""

    symbol: str
    venue: str
    timeframe: Timeframe
    calendar: str
    closes_only: bool
    price_decimals: int | None
    rows: int
    first: int
    last: int
    revision: int


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The state of a series: what is strange in it, what was set aside, which files are not as they were written.

    `findings` is None when a damaged file keeps the bars from being read; `quarantined` counts rows by reason, those
    of damaged files left out.
    """

    series: SeriesInfo
    findings: Findings | None
    quarantined: Mapping[str, int]
    tampered: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether every file is as it was written, and readable."""
        return not self.tampered and self.findings is not None
