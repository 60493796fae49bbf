"""The taxonomy of failures: from which of six roots each one grew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from quorum.domain import iso, plain
from quorum.validation.ladder.reasons import Root

SCHEMA = 1
NEWEST = 20


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a strategy's life ended at a tier (ns UTC), by its reason and the root of it; `why` is for people."""

    strategy_id: str
    at: int
    tier: str
    root: Root
    reason: str
    metric: str = ""
    why: str = ""

    @property
    def key(self) -> str:
        """A strategy fails a tier for a reason once."""
        return f"{self.strategy_id}/{self.tier}/{self.reason}"

    def told(self) -> dict[str, Any]:
        """The failure as plain values, with its key."""
        return {"key": self.key, **plain(self)}

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Self:
        """The failure that was told; KeyError or ValueError for what is none."""
        texts = {name: str(record[name]) for name in ("strategy_id", "tier", "reason", "metric", "why")}
        return cls(at=int(record["at"]), root=Root(record["root"]), **texts)


def taxonomy(failures: Sequence[Failure], newest: int = NEWEST) -> dict[str, Any]:
    """failure-taxonomy.yaml as plain values: each of the six roots with its count, by reason and by tier, and its
    `newest` failures, newest first."""
    return {
        "schema": SCHEMA,
        "total": len(failures),
        "roots": {root.value: _root([f for f in failures if f.root is root], newest) for root in Root},
    }


def _root(failures: Sequence[Failure], newest: int) -> dict[str, Any]:
    order = sorted(failures, key=lambda f: (f.at, f.key), reverse=True)
    return {
        "count": len(failures),
        "reasons": dict(sorted(Counter(f.reason for f in failures).items())),
        "tiers": dict(sorted(Counter(f.tier for f in failures).items())),
        "newest": [
            {
                "strategy_id": f.strategy_id,
                "at": iso(f.at),
                "tier": f.tier,
                "reason": f.reason,
                "metric": f.metric,
                "why": f.why,
            }
            for f in order[:newest]
        ],
    }
