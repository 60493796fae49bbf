"""The senior strategist: fills the cells of the map that have been looked at least."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from quorum.discovery.briefing import Briefing
from quorum.discovery.forms import FORMS, Form, fits, make
from quorum.discovery.market import by_timeframe, can_read, choose_symbols, universes
from quorum.discovery.proposal import Proposal
from quorum.discovery.space import DIRECTIONS, HORIZONS, Cell, SearchSpace, Tally
from quorum.domain import Timeframe
from quorum.signals import read_spec

STRATEGIST = "strategist"


def strategist(briefing: Briefing) -> tuple[Proposal, ...]:
    """A spec for each of the emptiest cells that can be traded with what there is, no two of one family in a row.

    Of cells that were tested equally often chance takes one; of a cell's forms too.
    """
    rng = briefing.chance(STRATEGIST)
    places = list(_places(briefing))
    rng.shuffle(places)
    by_cell: dict[Cell, list[tuple[Form, Timeframe]]] = {}
    for cell, form, timeframe in places:
        by_cell.setdefault(cell, []).append((form, timeframe))
    made = []
    for cell in _in_turn(briefing.space.emptiest(by_cell), briefing.space)[: briefing.most]:
        form, timeframe = by_cell[cell][0]
        made.append(_proposal(briefing, cell, form, timeframe, rng))
    return tuple(made)


def _places(briefing: Briefing) -> Iterator[tuple[Cell, Form, Timeframe]]:
    """Every cell that the theme takes, with each form and timeframe by which it can be traded here."""
    for timeframe, offers in by_timeframe(briefing.offers).items():
        for universe, group in universes(offers).items():
            for form in FORMS:
                if not all(can_read(form.reads, offer) for offer in group):
                    continue
                for horizon in HORIZONS:
                    for direction in DIRECTIONS:
                        cell = Cell(form.family, universe, horizon, direction)
                        if briefing.takes(cell) and fits(form, cell, timeframe):
                            yield cell, form, timeframe


def _in_turn(cells: list[Cell], space: SearchSpace) -> list[Cell]:
    """Of cells tested equally often first one of each family, in the order in which families come, then the next."""
    seen: Counter[tuple[int, str]] = Counter()
    rounds = []
    for place, cell in enumerate(cells):
        tested = space.cells.get(cell, Tally()).tested
        seen[tested, cell.family] += 1
        rounds.append((tested, seen[tested, cell.family], place, cell))
    return [cell for *_, cell in sorted(rounds)]


def _proposal(briefing: Briefing, cell: Cell, form: Form, timeframe: Timeframe, rng: np.random.Generator) -> Proposal:
    group = universes(by_timeframe(briefing.offers)[timeframe])[cell.universe]
    chosen = choose_symbols(group, cell.universe, rng)
    spec = make(form, cell, timeframe, rng)
    tested = briefing.space.cells.get(cell)
    seen = "nobody has looked there yet" if tested is None else f"only {tested.tested} ideas were tested there"
    return Proposal(
        strategy=read_spec(spec).plain(),
        symbols=tuple(offer.symbol for offer in chosen),
        timeframe=str(timeframe),
        venue=chosen[0].venue,
        hypothesis=f"{form.why[:1].upper()}{form.why[1:]}. Looked for over {cell.horizon}, {_side(cell)}; {seen}.",
        by=STRATEGIST,
        evidence={"cell": cell.key, "tested": 0 if tested is None else tested.tested},
    )


def _side(cell: Cell) -> str:
    return {"both": "on both sides", "long": "long only", "short": "short only"}[cell.direction]
