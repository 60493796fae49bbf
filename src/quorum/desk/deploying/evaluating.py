"""Evaluating: everything that is known of a strategy, and what comes next."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from quorum.desk.deploying.baseline import Baseline
from quorum.desk.deploying.known import CRITIC, RISK, Known, known, newest, strategy_of
from quorum.desk.desk import Desk
from quorum.desk.settings.tiers import read_portfolio
from quorum.domain import DataError, QuorumError, UsageError, iso, plain
from quorum.signals import family_of
from quorum.validation.ladder import Failed, Passed, Tier, TierResult, told
from quorum.validation.ladder.portfolio import judge_portfolio
from quorum.validation.life import Candidate, Status

_FATAL = ("fundamental_strategy_flaw", "hypothesis_contradiction", "asset_delisted", "unsupported_asset_type")


def evaluate(desk: Desk, strategy_id: str) -> dict[str, Any]:
    """All that is known, as plain values: idea, tiers with their gates, critic, risk, deployments, trials, moves.

    `next` says what comes next. NotFound for an id that there is not.
    """
    found = known(desk, strategy_id)
    candidate = found.candidate
    return {
        "strategy_id": strategy_id,
        "status": candidate.status.value,
        "tier": candidate.tier,
        "reason": candidate.reason,
        "attempts": candidate.attempts,
        "idea": plain(candidate.idea),
        "tiers": {tier.value: _tier(found, tier) for tier in found.results},
        "trials_in_family": _trials(desk, candidate),
        "critic": _kept(newest(desk, strategy_id, CRITIC)),
        "risk": _kept(newest(desk, strategy_id, RISK)),
        "deployments": [_deployment(record) for record in desk.life.books.deployments.listed(strategy_id=strategy_id)],
        "moves": [
            {
                "at": iso(m.at),
                "before": m.before and m.before.value,
                "after": m.after.value,
                "by": m.by,
                "why": m.reason,
            }
            for m in desk.life.queue.moves(strategy_id)
        ],
        "next": next_of(candidate, newest(desk, strategy_id, RISK)),
    }


def evaluate_portfolio(desk: Desk, strategy_ids: Collection[str] = ()) -> dict[str, Any]:
    """Whether strategies that are weak alone may stand together, by their results at L2; all that have one by default.

    One whose failure no company mends (it looks ahead, contradicts its hypothesis) is left out and named. Nothing
    moves. UsageError without any result.
    """
    results: dict[str, TierResult] = {}
    left_out: dict[str, str] = {}
    for strategy_id in strategy_ids or [c.strategy_id for c in desk.life.queue.listed()]:
        try:
            result = known(desk, strategy_id).results.get(Tier.L2)
        except DataError as error:
            left_out[strategy_id] = str(error)
            continue
        why = _alone(result)
        if why:
            left_out[strategy_id] = why
        elif result is not None:
            results[strategy_id] = result
    if not results:
        raise UsageError("no strategy has a result of L2 with daily returns", "run `quorum validate --tier L2`")
    found = judge_portfolio(results, read_portfolio(desk.workspace.config)).told()
    return {**found, "strategies": list(results), "left_out": {**left_out, **found["left_out"]}}


def next_of(candidate: Candidate, risk: Mapping[str, Any] | None = None) -> str:
    """What comes next, and the command for it; `risk` is the newest assessment."""
    said = _NEXT.get(candidate.status)
    if candidate.status is Status.AWAITING_HUMAN and risk is not None and risk["verdict"]["verdict"] != "passed":
        said = "risk does not agree by now: `quorum evaluate {id} --risk` once there is room, or `quorum queue remove`"
    if said is None:
        tier = candidate.status.value[:2]
        said = f"it is at {tier}: `quorum validate {{id}}` goes on"
    return said.replace("{id}", candidate.strategy_id)


_NEXT: Mapping[Status, str] = {
    Status.PENDING: "`quorum validate {id}` takes it up the ladder",
    Status.L2_PASSED: "the critic, and L3: `quorum validate {id}`",
    Status.L3_PASSED: "the risk assessment: `quorum evaluate {id} --risk`",
    Status.RISK_ASSESSED: "the risk assessment is finished by `quorum evaluate {id} --risk`",
    Status.FIXABLE_FAILURE: "`quorum retry {id}` tries to mend it",
    Status.RETRYING: "fixes are being tried",
    Status.TIMEOUT: "`quorum validate {id}` tries once more with a fresh worker",
    Status.ERROR: "`quorum validate {id}` once the error is mended",
    Status.INCONCLUSIVE: "more data, then `quorum validate {id}`",
    Status.AWAITING_HUMAN: "a person's word: `quorum deploy {id} --dry-run`, then `quorum deploy {id}`",
    Status.REJECTED: "nothing: it was rejected, and what was learnt is in `quorum learnings`",
    Status.REJECTED_AUTO_RETRY: "nothing: no fix held, and what was learnt is in `quorum learnings`",
    Status.PAPER: "30 days on paper, beside its baseline; then `quorum deploy {id} --live` asks for real money",
    Status.INCUBATION: "60 days of incubation, beside its baseline",
    Status.ACTIVE: "it is watched beside its baseline",
    Status.DEGRADED: "it recovers, or is disabled after 30 days",
    Status.DISABLED: "`quorum strategy retire {id}`, or ask for it again",
    Status.PAUSED: "`quorum strategy resume {id}`",
    Status.RETIRED: "nothing: it was retired",
}


def _tier(found: Known, tier: Tier) -> dict[str, Any]:
    """A result without its days, which nobody reads."""
    result = found.results[tier]
    values = {name: value for name, value in result.told().items() if name not in ("daily", "schema", "details")}
    place = found.places[tier]
    return {**values, "verdict": plain(told(result.verdict)), **place, "at": iso(place["at"])}


def _kept(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """An answer of the critic, or of risk, without its place in the store."""
    return None if row is None else {k: v for k, v in row.items() if k != "tier"} | {"at": iso(row["at"])}


def _deployment(record: Mapping[str, Any]) -> dict[str, Any]:
    baseline = Baseline.read(record["baseline"]).summary()
    return {**plain(dict(record)), "at": iso(record["at"]), "baseline": baseline}


def _trials(desk: Desk, candidate: Candidate) -> int | None:
    """How many backtests of the strategy's family were ever counted; None where it cannot be found."""
    try:
        return desk.trials.count(family_of(strategy_of(desk, candidate.idea)))
    except QuorumError:
        return None


def _alone(result: TierResult | None) -> str:
    """Why a strategy cannot stand in any company."""
    if result is None or result.daily is None:
        return "it has no result of L2 with daily returns"
    verdict = result.verdict
    if isinstance(verdict, Failed) and verdict.reason in _FATAL:
        return verdict.why
    if result.data["provisional"]:
        return "its L2 is provisional: it was looked at on fewer days, or on another source, than its idea's"
    return "" if isinstance(verdict, Passed | Failed) else "its L2 is inconclusive"
