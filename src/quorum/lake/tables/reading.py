"""Tables as files hold them: Parquet with its types, CSV as text, with any delimiter, with or without header."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from pathlib import Path
from statistics import median_high
from typing import TYPE_CHECKING

from quorum.domain import DataError
from quorum.lake.schema import HEADERLESS

if TYPE_CHECKING:
    import polars as pl

PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt")
SUFFIXES = (*PARQUET, *TEXT)
DELIMITERS = (",", ";", "\t", "|")
_HEAD = 65_536
_RAGGED = "a row has more fields than the header"
CLOCK = re.compile(r"\s*\d{1,2}:\d{2}(:\d{2})?\s*")
_METATRADER = ("date", *HEADERLESS[6])
_DATA_CELL = re.compile(r"[\d+\-.][\d\-+.:,/ TZeE]*")


def is_table(path: Path) -> bool:
    """Whether a file's name says that it holds a table."""
    return path.name.lower().endswith(SUFFIXES)


def table_files(folder: Path) -> tuple[Path, ...]:
    """All table files below `folder`, sorted, none in or below a hidden folder; DataError when there is none."""
    inside = (p for p in sorted(folder.rglob("*")) if not any(n.startswith(".") for n in p.relative_to(folder).parts))
    files = tuple(p for p in inside if is_table(p) and p.is_file())
    if not files:
        raise DataError(f"{folder}: no table in this folder", f"put files there that end in {', '.join(SUFFIXES)}")
    return files


def read_table(path: Path) -> pl.DataFrame:
    """The table in `path`: Parquet columns as they are, CSV columns as text; without rows it is refused.

    A CSV file without header gets the names of schema.HEADERLESS. DataError names a file that is no table.
    """
    import polars as pl

    try:
        frame = _read(path)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path}: cannot be read ({reason})", "give a readable Parquet or CSV file") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = str(error).strip().splitlines()[0].replace("found more fields than defined in 'Schema'", _RAGGED)
        raise DataError(
            f"{path}: is no table that can be read ({reason})", "give a whole Parquet or CSV file"
        ) from error
    if frame.is_empty():
        columns = ", ".join(frame.columns) or "no columns"
        raise DataError(f"{path}: is empty ({columns}, 0 rows)", "give a file with at least two bars")
    return frame


def _read(path: Path) -> pl.DataFrame:
    import polars as pl

    name = path.name.lower()
    if name.endswith(PARQUET):
        return pl.read_parquet(path, glob=False)
    if not name.endswith(TEXT):
        raise DataError(f"{path}: is of no known kind", f"give a file that ends in {', '.join(SUFFIXES)}")
    content = path.read_bytes()
    return read_text(gzip.decompress(content) if name.endswith(".gz") else content, str(path))


def read_text(content: bytes, file: str) -> pl.DataFrame:
    """The table in a delimited text; lines before its header that hold no delimiter are left out."""
    import polars as pl

    content = _utf8(content, file)
    lines = [line for line in content[:_HEAD].decode("utf-8", "replace").splitlines()[:40] if line.strip()]
    if not lines:
        raise DataError(f"{file}: is empty", "give a file with a header and at least two bars")
    delimiter = _delimiter(lines)
    if delimiter is None:
        raise DataError(
            f"{file}: is no table, it begins with {lines[0][:60]!r}",
            "its columns must be separated by comma, semicolon, tab or |",
        )
    content, first = _from_first_row(content, delimiter)
    headerless = _is_data(first.split(delimiter))
    frame = pl.read_csv(
        io.BytesIO(content),
        separator=delimiter,
        has_header=not headerless,
        infer_schema=False,
        encoding="utf8-lossy",
    )
    frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))
    return _named(frame, file) if headerless else _one_header(frame.rename(lambda n: n.strip().strip('"')))


def _utf8(content: bytes, file: str) -> bytes:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        content = content.decode("utf-16", "replace").encode()
    if b"\x00" in content[:_HEAD]:
        raise DataError(f"{file}: is no text", "give a CSV file, or name a Parquet file .parquet")
    return content.removeprefix(b"\xef\xbb\xbf")


def _delimiter(lines: list[str]) -> str | None:
    """The delimiter that most of the last lines have; the more columns it makes, the better."""
    tail = lines[len(lines) // 2 :]
    counts = {d: median_high([line.count(d) for line in tail]) for d in DELIMITERS}
    best = max(DELIMITERS, key=lambda d: counts[d])
    return best if counts[best] else None


def _from_first_row(content: bytes, delimiter: str) -> tuple[bytes, str]:
    while True:
        line, _, rest = content.partition(b"\n")
        text = line.decode("utf-8", "replace").strip()
        if (delimiter in text and not text.startswith("#")) or not rest:
            return content, text
        content = rest


def _is_data(cells: list[str]) -> bool:
    """Whether a first line holds values and no names."""
    return all(_DATA_CELL.fullmatch(c.strip().strip('"')) for c in cells if c.strip())


def _one_header(frame: pl.DataFrame) -> pl.DataFrame:
    """The table with a header of one line: yfinance writes three, Price, Ticker and Date, for a single ticker too."""
    import polars as pl

    if frame.columns[0] != "Price" or frame[:2, 0].to_list() != ["Ticker", "Date"]:
        return frame
    tickers = set(frame.row(0)[1:])
    body = frame[2:].rename({"Price": "Date"})
    return body.with_columns(pl.lit(tickers.pop()).alias("Ticker")) if len(tickers) == 1 else body


def _named(frame: pl.DataFrame, file: str) -> pl.DataFrame:
    names = HEADERLESS.get(frame.width)
    if frame.width == len(_METATRADER) and CLOCK.fullmatch(frame[0, 1] or ""):
        names = _METATRADER
    if names is None:
        raise DataError(
            f"{file}: has no header and {frame.width} columns",
            "add a header, or give 6 columns (time, open, high, low, close, volume) or the 12 of Binance's klines",
        )
    return frame.rename(dict(zip(frame.columns, names, strict=True)))
