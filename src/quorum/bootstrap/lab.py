"""What a backtest from Python needs, and nothing that would slow its first result."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from quorum.bootstrap.places import use_kernel_cache
from quorum.domain import DataError, SystemClock
from quorum.engine import Trials
from quorum.lake import Bars, ImportOptions, Lake, Rejected
from quorum.signals import WITHOUT_MODEL, AnyStrategy, find_strategy


def open_lab(strategy: str | AnyStrategy, home: str | Path | None) -> tuple[AnyStrategy, Trials | None]:
    """What a backtest from Python needs: the strategy, and where trials are counted, None without a home."""
    use_kernel_cache()
    if home is None:
        return find_strategy(strategy, WITHOUT_MODEL) if isinstance(strategy, str) else strategy, None
    from quorum.bootstrap.workspaces import consensus_rules, open_workspace

    where = Path(home)
    rule = find_strategy(strategy, consensus_rules(where)) if isinstance(strategy, str) else strategy
    return rule, open_trials(open_workspace(where).database)


def open_trials(path: Path) -> Trials:
    """A store of trials alone, in the database file at `path`."""
    from quorum.adapters.sql import Database, SqlTrials

    database = Database(path)
    database.migrate()
    return SqlTrials(database, SystemClock())


def read_bars(path: Path, options: ImportOptions) -> Bars:
    """The bars of one file, without a workspace.

    DataError when it holds those of several symbols, or a row that is no bar: named with its reason, as of a frame.
    """
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder), SystemClock())
        found = lake.import_path(path, options).symbols
        if len(found) != 1:
            names = ", ".join(report.symbol for report in found)
            raise DataError(f"{path} holds bars of {names}", "import it into a workspace and ask for one symbol")
        named = found[0].symbol, found[0].timeframe, found[0].venue
        if found[0].quarantined:
            _refuse(path, lake.quarantine(*named))
        return lake.bars(*named)


def _refuse(path: Path, rejected: Sequence[Rejected]) -> None:
    """DataError for the first row that an import would have set aside."""
    first = min(rejected, key=lambda row: row.row)
    more = f"; {len(rejected)} such rows in all" if len(rejected) > 1 else ""
    raise DataError(
        f"{path}: row {first.row} is no bar: {first.reason} ({first.raw}){more}",
        "mend the row or leave it out; `quorum data import` sets such rows aside",
    )
