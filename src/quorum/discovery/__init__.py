"""Discovery: ideas for strategies as data, how new each one is, and where nobody has looked yet.

Promise: the same seed and the same past give the same ideas; each is a StrategySpec that can be run, or a strategy's
name, with a hypothesis in words; no return of an idea is looked at before the ladder does.
In: series that can be traded, ideas that are known, lives of ideas. Out: fingerprints, the map, proposals, a choice.
Neighbours: works on `signals`, `features` and `lake`; `desk.meeting` holds meetings; `validation` is unseen.
"""

from quorum.discovery.anomalies import Anomaly, every_test, surviving
from quorum.discovery.briefing import THEMES, Briefing, Known, Participant, Theme, read_theme, theme_after
from quorum.discovery.families import family_of_name, family_of_rules
from quorum.discovery.feasibility import Activity, Feasibility, activity, feasibility, measured
from quorum.discovery.fingerprint import Fingerprint, fingerprint
from quorum.discovery.market import LEAST_DAYS, universes
from quorum.discovery.novelty import Bounds, Insight, Novelty, insight, similarity
from quorum.discovery.participants import (
    CURIOUS,
    MAVERICK,
    STRATEGIST,
    Curiosity,
    Look,
    curious,
    maverick,
    strategist,
)
from quorum.discovery.proposal import Offer, Proposal
from quorum.discovery.selection import Judged, Selection, novel, select
from quorum.discovery.space import (
    DIRECTIONS,
    FAMILIES,
    HORIZONS,
    UNIVERSES,
    Cell,
    Lived,
    SearchSpace,
    Tally,
    every_cell,
    read_cell,
    records,
    survey,
)

__all__ = [
    "CURIOUS",
    "DIRECTIONS",
    "FAMILIES",
    "HORIZONS",
    "LEAST_DAYS",
    "MAVERICK",
    "STRATEGIST",
    "THEMES",
    "UNIVERSES",
    "Activity",
    "Anomaly",
    "Bounds",
    "Briefing",
    "Cell",
    "Curiosity",
    "Feasibility",
    "Fingerprint",
    "Insight",
    "Judged",
    "Known",
    "Lived",
    "Look",
    "Novelty",
    "Offer",
    "Participant",
    "Proposal",
    "SearchSpace",
    "Selection",
    "Tally",
    "Theme",
    "activity",
    "curious",
    "every_cell",
    "every_test",
    "family_of_name",
    "family_of_rules",
    "feasibility",
    "fingerprint",
    "insight",
    "maverick",
    "measured",
    "novel",
    "read_cell",
    "read_theme",
    "records",
    "select",
    "similarity",
    "strategist",
    "survey",
    "surviving",
    "theme_after",
    "universes",
]
