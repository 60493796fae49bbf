"""Foreign tables: market data as other programs write it.

Promise: a file becomes the sound rows of each series in it, and the other rows with a reason; nothing is guessed.
In: Parquet and CSV files, frames, ImportOptions. Out: Part, with Rejected rows; DataError that says what would mend it.
Neighbours: `quorum.lake` alone imports this; it speaks through the lake's schema, quality and series.
"""

from quorum.lake.tables.frames import bars_of_frame, is_frame
from quorum.lake.tables.rates import SETTLED, NotFunding, read_rates
from quorum.lake.tables.reading import is_table, table_files
from quorum.lake.tables.sheet import Part, Rejected, read_parts

__all__ = [
    "SETTLED",
    "NotFunding",
    "Part",
    "Rejected",
    "bars_of_frame",
    "is_frame",
    "is_table",
    "read_parts",
    "read_rates",
    "table_files",
]
