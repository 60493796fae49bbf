"""What a meeting knows when it begins: what can be traded, what is known, and what it is to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from quorum.discovery.fingerprint import Fingerprint
from quorum.discovery.proposal import Offer, Proposal
from quorum.discovery.space import DIRECTIONS, FAMILIES, HORIZONS, Cell, SearchSpace
from quorum.domain import UsageError
from quorum.signals import StrategySpec


class Known(NamedTuple):
    """An idea that there is already: its id, its fingerprint, and its rules where they are data."""

    strategy_id: str
    fingerprint: Fingerprint
    spec: StrategySpec | None = None


@dataclass(frozen=True, slots=True)
class Theme:
    """What a meeting looks at: these families, horizons and directions."""

    name: str
    families: tuple[str, ...] = FAMILIES
    horizons: tuple[str, ...] = HORIZONS
    directions: tuple[str, ...] = DIRECTIONS

    def takes(self, cell: Cell) -> bool:
        return cell.family in self.families and cell.horizon in self.horizons and cell.direction in self.directions


@dataclass(frozen=True, slots=True)
class Briefing:
    """What every participant is told. Each puts forward up to `most` proposals, by chance that `seed` fixes.

    `directions` are those that an account may take.
    """

    offers: tuple[Offer, ...]
    space: SearchSpace
    known: tuple[Known, ...]
    theme: Theme
    seed: int
    most: int
    directions: tuple[str, ...] = DIRECTIONS

    def chance(self, who: str) -> np.random.Generator:
        """A participant's own chance, whatever the others draw."""
        return np.random.default_rng([self.seed, *who.encode()])

    def takes(self, cell: Cell) -> bool:
        """Whether the theme takes the cell and an account may."""
        return self.theme.takes(cell) and cell.direction in self.directions


Participant = Callable[[Briefing], Sequence[Proposal]]

_FOLLOW, _REVERT = ("trend", "momentum", "breakout"), ("mean_reversion", "relative_value")
THEMES: Mapping[str, Theme] = {
    theme.name: theme
    for theme in (
        Theme("open"),
        Theme("reversion", _REVERT),
        Theme("calendar", ("seasonality",)),
        Theme("flow", ("volume", "carry", "volatility")),
        Theme("following", _FOLLOW),
        Theme("slow", horizons=("weeks", "months")),
        Theme("fast", horizons=("intraday", "days")),
        Theme("two_sided", directions=("short", "both")),
    )
}
"""What a meeting may look at, in the order in which one follows the other."""


def read_theme(name: str) -> Theme:
    """The theme of that name; UsageError for none."""
    if name not in THEMES:
        raise UsageError(f"there is no theme {name!r}", f"there are {', '.join(THEMES)}")
    return THEMES[name]


def theme_after(held: Iterable[tuple[str, bool | None]], themes: Sequence[str], patience: int) -> str:
    """The theme of the next meeting, by those held before, oldest first: each with its theme and if an idea survived.

    It is the last one's, the first of `themes` before any, until `patience` meetings on it in a row had no survivor;
    one whose ideas are still on their way (None) counts for nothing yet.
    """
    now, barren = themes[0], 0
    for theme, survived in held:
        if theme != now:
            now, barren = theme, 0
        if survived is not None:
            barren = 0 if survived else barren + 1
    if barren < patience:
        return now
    place = themes.index(now) if now in themes else -1
    return themes[(place + 1) % len(themes)]
