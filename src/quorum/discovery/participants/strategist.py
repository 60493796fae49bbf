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

    Ideas that wait fill a cell as tested ones do. Of cells that are equally full chance takes one; of a cell's forms
    too, those first that least ideas of the cell look like.
    """
    rng = briefing.chance(STRATEGIST)
    places = list(_places(briefing))
    rng.shuffle(places)
    by_cell: dict[Cell, list[tuple[Form, Timeframe]]] = {}
    for cell, form, timeframe in places:
        by_cell.setdefault(cell, []).append((form, timeframe))
    filled = _filled(briefing)
    made = []
    for cell in _in_turn(filled.emptiest(by_cell), filled)[: briefing.most]:
        form, timeframe = min(by_cell[cell], key=lambda way: _alike(briefing, cell, *way))
        made.append(_proposal(briefing, cell, form, timeframe, rng))
    return tuple(made)


def _filled(briefing: Briefing) -> SearchSpace:
    """The map with the ideas that wait, each as if it had been tested."""
    known = Counter(one.fingerprint.cell for one in briefing.known)
    tested = {cell: tally.tested for cell, tally in briefing.space.cells.items()}
    return SearchSpace({cell: Tally(max(tested.get(cell, 0), known[cell])) for cell in {**tested, **known}})


def _alike(briefing: Briefing, cell: Cell, form: Form, timeframe: Timeframe) -> int:
    """How many known ideas of the cell are made of the form's words, on bars of that length."""
    prints = (one.fingerprint for one in briefing.known)
    return sum(f.cell == cell and f.timeframe == str(timeframe) and f.words in form.asks for f in prints)


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
    tested = briefing.space.cells.get(cell, Tally()).tested
    known = sum(one.fingerprint.cell == cell for one in briefing.known)
    seen = f"{tested} ideas were tested there so far" if tested or known else "nobody has looked there yet"
    return Proposal(
        strategy=read_spec(spec).plain(),
        symbols=tuple(offer.symbol for offer in chosen),
        timeframe=str(timeframe),
        venue=chosen[0].venue,
        hypothesis=f"{form.why[:1].upper()}{form.why[1:]}. Looked for over {cell.horizon}, {_side(cell)}; {seen}.",
        by=STRATEGIST,
        evidence={"cell": cell.key, "tested": tested},
    )


def _side(cell: Cell) -> str:
    return {"both": "on both sides", "long": "long only", "short": "short only"}[cell.direction]
