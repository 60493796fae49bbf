"""Pages: templates filled with values, numbers as people read them, and a file written whole or not at all."""

from __future__ import annotations

import math
import os
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from quorum.domain import WorkspaceError, iso

Real = float | int | Decimal
MISSING = "n/a"


def render(template: str, **facts: Any) -> str:
    """The page of `template`, complete in itself; every fact but Markup is escaped."""
    return _templates().get_template(template).render(facts)


def write_page(path: Path, html: str) -> None:
    """Write `html` to `path`, whole or not at all, and make its folder; WorkspaceError when that is refused."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(html.encode("utf-8", "replace"))
        os.replace(draft, path)
    except OSError as refused:
        _remove(draft)
        raise WorkspaceError(
            f"the page {path} could not be written: {refused.strerror or refused}",
            "give a file in a folder that you may write to, on a disk with room",
        ) from refused


def money(value: Real) -> str:
    """1234.5 as 1,234.50; smaller amounts keep four significant digits."""
    size = abs(float(value))
    if not math.isfinite(size):
        return MISSING
    return _significant(float(value), 4) if 0 < size < 1 else f"{value:z,.2f}"


def price(value: Real) -> str:
    """A price or a quantity with at least six significant digits, without zeros at the end."""
    size = abs(float(value))
    if not math.isfinite(size):
        return MISSING
    return f"{value:z,.2f}" if size >= 10_000 else _significant(float(value), 6)


def percent(value: Real) -> str:
    """0.1234 as 12.34%."""
    size = abs(float(value))
    if not math.isfinite(size):
        return MISSING
    return f"{value:z,.0%}" if size >= 100 else f"{value:z,.2%}"


def points(value: Real) -> str:
    """0.1234 as 12.3, for tables whose title says percent."""
    hundredfold = 100 * float(value)
    return f"{hundredfold:z.1f}" if math.isfinite(hundredfold) else MISSING


def ratio(value: Real) -> str:
    """Two decimals; an infinite ratio is spelled out."""
    if value == math.inf:
        return "no losses"
    return f"{value:z,.2f}" if math.isfinite(value) else MISSING


def with_error(value: Real, error: Real) -> str:
    """An estimate and its standard error, as 0.62 ± 0.41."""
    return f"{ratio(value)} ± {ratio(error)}" if math.isfinite(value) else MISSING


def count(value: int) -> str:
    """12345 as 12,345."""
    return f"{value:,}"


def days(value: float) -> str:
    """365.25 as 365 days; short times in hours."""
    if not math.isfinite(value):
        return MISSING
    return f"{value:,.0f} days" if value >= 10 else f"{value:,.1f} days" if value >= 2 else hours(24 * value)


def hours(value: float) -> str:
    """1.5 as 1.5 h; minutes below an hour, days from two days on."""
    if not math.isfinite(value):
        return MISSING
    if value >= 48:
        return f"{value / 24:,.1f} days"
    return f"{value:,.1f} h" if value >= 1 else f"{60 * value:,.0f} min"


def lowered(name: str) -> str:
    """A benchmark's name inside a sentence: words begin small, a symbol stays as it is."""
    return name if name.isupper() else name[:1].lower() + name[1:]


def opened(sentence: str) -> str:
    """A sentence with its first letter large."""
    return sentence[:1].upper() + sentence[1:]


def instant(value: int) -> str:
    """Nanoseconds as 2024-06-03 14:30, in UTC."""
    return iso(int(value)).replace("T", " ")[:16]


def tone(value: Real) -> str:
    """The class of a number's colour: gain, loss or even."""
    amount = float(value)
    return "gain" if amount > 0 else "loss" if amount < 0 else "even"


def _significant(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _remove(draft: Path) -> None:
    try:
        draft.unlink(missing_ok=True)
    except OSError:
        return


@cache
def _templates() -> Environment:
    found = Environment(
        loader=PackageLoader("quorum.surfaces.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for filter_ in (money, price, percent, points, ratio, count, days, hours, instant, tone, lowered, opened):
        found.filters[filter_.__name__] = filter_
    found.globals["with_error"] = with_error
    return found
