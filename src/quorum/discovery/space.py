"""The map of what has been looked at: cells of family, universe, horizon and direction, with what survived in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple, TypeVar

from quorum.domain import DAY, UsageError, split_symbol

FAMILIES = (
    *("trend", "momentum", "breakout", "mean_reversion", "volatility", "volume", "seasonality", "carry"),
    *("relative_value", "consensus", "other"),
)
UNIVERSES = tuple(f"{asset}_{size}" for asset in ("crypto", "equity") for size in ("one", "few", "many"))
HORIZONS = ("intraday", "days", "weeks", "months")
DIRECTIONS = ("long", "short", "both")
TIERS = ("L0", "L1", "L2", "L3")
FEW, MANY = 2, 6
Key = TypeVar("Key")
_ENDS = (DAY, 7 * DAY, 60 * DAY)


class Cell(NamedTuple):
    """A place of the map."""

    family: str
    universe: str
    horizon: str
    direction: str

    @property
    def key(self) -> str:
        return "/".join(self)


def read_cell(key: str) -> Cell:
    """The cell of a key as trend/crypto_one/days/long; UsageError for what is none."""
    parts = key.split("/")
    known = (FAMILIES, UNIVERSES, HORIZONS, DIRECTIONS)
    if len(parts) != len(known) or any(part not in words for part, words in zip(parts, known, strict=True)):
        raise UsageError(f"{key!r} is no cell of the map", "write it as trend/crypto_one/days/long")
    return Cell(*parts)


def horizon_of(nanoseconds: float) -> str:
    """How far a rule looks, or how long it holds: less than a day, less than a week, than 60 days, longer."""
    return next((name for name, end in zip(HORIZONS, _ENDS, strict=False) if nanoseconds < end), HORIZONS[-1])


def universe_of(symbols: Sequence[str]) -> str:
    """What is traded and how much of it: pairs of currencies or shares; one, up to 5, more."""
    asset = "equity" if split_symbol(symbols[0])[0] == symbols[0] else "crypto"
    return f"{asset}_{'one' if len(symbols) < FEW else 'few' if len(symbols) < MANY else 'many'}"


class Lived(NamedTuple):
    """How far one idea came: its cell, who had it, the tiers that answered, and those that it passed.

    While it is `under_way` nothing can be concluded from what it has not passed.
    """

    cell: Cell
    by: str
    tested: Collection[str]
    passed: Collection[str]
    under_way: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """How many ideas were tested, and how many of them passed each tier."""

    tested: int = 0
    passed: Mapping[str, int] = field(default_factory=dict)

    def share(self, tier: str) -> float:
        """The share that passes `tier`, drawn to one half while little is known (Laplace's rule of succession)."""
        return (self.passed.get(tier, 0) + 1) / (self.tested + 2)


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """The map: a tally for each cell in which anything was tested."""

    cells: Mapping[Cell, Tally] = field(default_factory=dict)

    def of_family(self, family: str) -> Tally:
        """All cells of a family as one."""
        return _sum(tally for cell, tally in self.cells.items() if cell.family == family)

    @property
    def most_tested(self) -> str | None:
        """The family that most ideas were tested of, of equals the first by name; None before any was."""
        counts = Counter({cell.family: 0 for cell in self.cells})
        for cell, tally in self.cells.items():
            counts[cell.family] += tally.tested
        best = max(counts.values(), default=0)
        return min((family for family, count in counts.items() if count == best), default=None) if best else None

    def emptiest(self, among: Iterable[Cell]) -> list[Cell]:
        """These cells, least tested first, and then those of the family least tested; their order breaks ties."""
        families = {family: self.of_family(family).tested for family in FAMILIES}
        return sorted(among, key=lambda cell: (self.cells.get(cell, Tally()).tested, families[cell.family]))


def survey(lives: Iterable[Lived]) -> SearchSpace:
    """The map of these lives; those that no tier has answered yet are not on it."""
    return SearchSpace(dict(sorted(_tallied(lives, lambda lived: lived.cell).items())))


def records(lives: Iterable[Lived]) -> dict[str, Tally]:
    """Whose ideas survive: a tally for each who had any that was tested, by name."""
    return dict(sorted(_tallied(lives, lambda lived: lived.by).items()))


def every_cell() -> Iterator[Cell]:
    """All places that there are."""
    return (Cell(*parts) for parts in product(FAMILIES, UNIVERSES, HORIZONS, DIRECTIONS))


def _tallied(lives: Iterable[Lived], key: Callable[[Lived], Key]) -> dict[Key, Tally]:
    found: dict[Key, Tally] = {}
    for lived in lives:
        if lived.tested:
            one = Tally(1, {tier: 1 for tier in TIERS if tier in lived.passed})
            found[key(lived)] = _sum((found.get(key(lived), Tally()), one))
    return found


def _sum(tallies: Iterable[Tally]) -> Tally:
    tested, passed = 0, Counter[str]()
    for tally in tallies:
        tested += tally.tested
        passed.update(tally.passed)
    return Tally(tested, {tier: passed[tier] for tier in TIERS if passed[tier]})
