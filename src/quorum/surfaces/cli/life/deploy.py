"""What is known of a strategy, and its way to paper and back: evaluate, deploy, undeploy, pause, resume, retire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quorum.domain import UsageError
from quorum.surfaces.cli.coordinator.going import NEEDS_APPROVAL, Wait
from quorum.surfaces.cli.show import Home, Json, facts, note, print_json, say, table, takes

if TYPE_CHECKING:
    from quorum.desk import Desk
    from quorum.desk.deploying import Word

_LIVE_ONLY = ("terms", "expected", "paper_deployment", "paper_days", "beside_baseline", "first_approval_id")
Identity = Annotated[str, typer.Argument(metavar="ID", help="As STR-001.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it goes on record.")]
By = Annotated[str | None, typer.Option("--by", help="Who; else your name on this machine.")]
Account = Annotated[str | None, typer.Option(help="One of config/accounts.yaml; else the first in its currency.")]
Allocation = Annotated[
    float | None, typer.Option(help="Share of the account's equity, as 0.2; else the most that fits.")
]
Floor = Annotated[
    bool, typer.Option("--floor", help="Hold whole lots, also where a target is less than one; the baseline counts it.")
]


@dataclass(frozen=True)
class EvaluateOptions:
    """What `quorum evaluate` takes."""

    strategies: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="As STR-001.")] = None
    critic: Annotated[bool, typer.Option("--critic", help="Ask the critic first; it works everything out again.")] = (
        False
    )
    risk: Annotated[bool, typer.Option("--risk", help="Assess the risk first, beside what is deployed by now.")] = False
    portfolio: Annotated[
        bool, typer.Option("--portfolio", help="Whether they may stand together; all with a result of L2 without any.")
    ] = False
    account: Account = None
    floor: Floor = False
    home: Home = None
    as_json: Json = False


@takes(EvaluateOptions)
def evaluate(asked: EvaluateOptions) -> None:
    """Everything known of a strategy: tiers and gates, critic, risk, trials, deployments, and what comes next.

    Example: quorum evaluate STR-001 --json
    """
    from quorum.bootstrap import open_desk

    desk, named = open_desk(asked.home), asked.strategies or []
    if asked.portfolio:
        _portfolio(desk, named, asked.as_json)
        return
    if not named:
        raise UsageError("no strategy is named", "give an id as STR-001, or --portfolio")
    found = [_evaluated(desk, strategy_id, asked) for strategy_id in named]
    if asked.as_json:
        print_json(found[0] if len(found) == 1 else {"strategies": found})
        return
    for told in found:
        _say_evaluation(told)


@dataclass(frozen=True)
class DeployOptions:
    """What `quorum deploy` takes."""

    strategy_id: Annotated[
        str,
        typer.Argument(metavar="ID", help="As STR-001; with --dry-run it may be left out where one alone asks for it."),
    ] = ""
    account: Account = None
    allocation: Allocation = None
    floor: Floor = False
    live: Annotated[bool, typer.Option("--live", help="From paper to real money, in an account with live: true.")] = (
        False
    )
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show all of it, and change nothing.")] = False
    wait: Wait = True
    home: Home = None
    as_json: Json = False


@takes(DeployOptions)
def deploy(asked: DeployOptions) -> None:
    """Ask a person to deploy a strategy to paper; ends with 3, for it waits for `quorum approve`.

    With --live it asks a second time, for real money, once it was long enough on paper. With --dry-run it ends with 1
    where it would be refused.

    Example: quorum deploy STR-001 --dry-run
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.deploying import plan_deployment
    from quorum.desk.trading.live import plan_live

    desk = open_desk(asked.home)
    if asked.live and not asked.strategy_id:
        raise UsageError("no strategy is named", "name the one that goes live, as `quorum deploy STR-001 --live`")
    if asked.live and asked.floor:
        raise UsageError("--floor is decided when a strategy is deployed to paper", "leave it away: --live keeps it")
    strategy_id = asked.strategy_id or _asking(desk, asked.dry_run)
    plan: Any
    if asked.live:
        plan = plan_live(desk, strategy_id, asked.account, asked.allocation)
    else:
        plan = plan_deployment(desk, strategy_id, asked.account, asked.allocation, asked.floor)
    if asked.dry_run:
        told = {**plan.told(), "dry_run": True}
        print_json(told) if asked.as_json else _say_plan(told)
        raise typer.Exit(1 if plan.refusals else 0)
    plan.must_hold()
    _ask(desk, asked)


def _asking(desk: Desk, dry_run: bool) -> str:
    """The one strategy that asks to be deployed; UsageError for none or several, or where it would be asked for."""
    from quorum.validation.life import Status

    names = [one.strategy_id for one in desk.life.queue.listed({Status.AWAITING_HUMAN})]
    if dry_run and len(names) == 1:
        return names[0]
    waits = f"{', '.join(names)} may be meant" if names else "none asks to be deployed"
    raise UsageError(f"no strategy is named, and {waits}", "name one, as `quorum deploy STR-001 --dry-run`")


@dataclass(frozen=True)
class WordOptions:
    """What `quorum strategy pause` and `quorum strategy resume` take."""

    strategy_id: Identity
    reason: Reason
    by: By = None
    home: Home = None
    as_json: Json = False


@dataclass(frozen=True)
class LeaveOptions:
    """What `quorum undeploy` and `quorum strategy retire` take."""

    strategy_id: Identity
    reason: Reason
    positions: Annotated[str, typer.Option(help="keep or close what it holds.")] = "keep"
    by: By = None
    home: Home = None
    as_json: Json = False


@takes(LeaveOptions)
def undeploy(asked: LeaveOptions) -> None:
    """Take a deployment back; from paper the strategy awaits a person's word again.

    Example: quorum undeploy STR-001 --positions close --reason "venue under maintenance"
    """
    from quorum.desk.trading.turns import undeploy_and_close as act

    _left(asked, act)


@takes(WordOptions)
def pause(asked: WordOptions) -> None:
    """Let a deployed strategy open nothing until it is resumed; it keeps what it holds, and its allocation.

    Example: quorum strategy pause STR-001 --reason "drawdown"
    """
    from quorum.desk.deploying import pause as act

    _steered(asked, act)


@takes(WordOptions)
def resume(asked: WordOptions) -> None:
    """Let a paused strategy go on where it was.

    Example: quorum strategy resume STR-001 --reason "looked at it"
    """
    from quorum.desk.deploying import resume as act

    _steered(asked, act)


@takes(LeaveOptions)
def retire(asked: LeaveOptions) -> None:
    """End a deployed strategy's life for good.

    Example: quorum strategy retire STR-001 --positions keep --reason "replaced by STR-009"
    """
    from quorum.desk.trading.turns import retire_and_close as act

    _left(asked, act)


def _left(asked: LeaveOptions, act: Callable[[Desk, str, Word, str], Mapping[str, Any]]) -> None:
    from quorum.bootstrap import open_desk

    told = act(open_desk(asked.home), asked.strategy_id, _word(asked.by, asked.reason), asked.positions)
    _say_moved(told, asked.as_json)
    for symbol, held in (told.get("left") or {}).items():
        note(f"{held} {symbol} wait to be filled; `quorum trade --paper` follows them")


def _steered(asked: WordOptions, act: Callable[[Desk, str, Word], Mapping[str, Any]]) -> None:
    from quorum.bootstrap import open_desk

    _say_moved(act(open_desk(asked.home), asked.strategy_id, _word(asked.by, asked.reason)), asked.as_json)


def _word(by: str | None, reason: str) -> Word:
    from quorum.desk.deploying import Word
    from quorum.surfaces.cli.coordinator.approvals import user

    return Word(by or user(), reason)


def _ask(desk: Desk, asked: DeployOptions) -> None:
    """The question that waits already, or a new one; ends with 3 while it waits."""
    from quorum.desk.deploying import WORKFLOW, asking_run
    from quorum.desk.trading.live import GOING_LIVE
    from quorum.surfaces.cli.coordinator.going import begin, finish, run_facts, waits

    workflow = GOING_LIVE if asked.live else WORKFLOW
    run = asking_run(desk, asked.strategy_id, workflow)
    if run is None:
        given = {"strategy_id": asked.strategy_id, "account": asked.account, "allocation": asked.allocation}
        given |= {"floor": True} if asked.floor else {}
        given = {name: value for name, value in given.items() if value is not None}
        state = begin(desk, workflow, given, wait=asked.wait)
    else:
        _must_be_the_same(desk, asked, run)
        goes_on = asked.wait and not waits(desk, run)
        state = (finish(desk, asked.home, run) if goes_on else None) or desk.workflows.run(run)[0]
    told = run_facts(desk, state)
    if asked.as_json:
        print_json(told)
    else:
        _say_asked(told)
    if told["waits_for"]:
        raise typer.Exit(NEEDS_APPROVAL)
    raise typer.Exit(1 if told["status"] in ("halted", "failed", "cancelled") else 0)


def _must_be_the_same(desk: Desk, asked: DeployOptions, run: str) -> None:
    """UsageError where a person is asked about other terms already than those that are given."""
    from quorum.desk.deploying import question_of

    waiting = question_of(desk, asked.strategy_id)
    shown = desk.workflows.run(run)[0].request["params"] if waiting is None else waiting.question.shows
    for name, given in (("account", asked.account), ("allocation", asked.allocation)):
        if given is not None and given != shown[name]:
            which = run if waiting is None else waiting.approval_id
            found = f"{which} asks about {asked.strategy_id} already, with {name} {shown[name] or 'as it fits'}"
            end = f"quorum workflow cancel {run}" if waiting is None else f"quorum reject {which} --reason TEXT"
            raise UsageError(found, f"answer it, or end it with `{end}`, and ask again")
    if asked.floor and not desk.workflows.run(run)[0].request["params"].get("floor"):
        raise UsageError(f"{run} asks about {asked.strategy_id} without --floor", "answer or end it, and ask again")


def _evaluated(desk: Desk, strategy_id: str, asked: EvaluateOptions) -> dict[str, Any]:
    from quorum.desk.deploying import assess_risk, criticise
    from quorum.desk.deploying import evaluate as known

    if asked.critic:
        criticise(desk, strategy_id)
    if asked.risk:
        assess_risk(desk, strategy_id, asked.account, floor=asked.floor)
    return known(desk, strategy_id)


def _portfolio(desk: Desk, named: list[str], as_json: bool) -> None:
    from quorum.desk.deploying import evaluate_portfolio

    told = evaluate_portfolio(desk, named)
    if as_json:
        print_json(told)
        return
    rows = [(r["metric"], r["value"], f"{r['comparison']} {r['threshold']:g}", r["outcome"]) for r in told["whole"]]
    table(("the whole", "found", "asked", "outcome"), rows)
    table(("strategy", "weight"), list(told["weights"].items()), empty="no weights")
    table(("left out", "why"), list(told["left_out"].items()), empty="nothing was left out")
    say(_worded(told["verdict"]))


def _say_evaluation(told: Mapping[str, Any]) -> None:
    idea = told["idea"]
    name = idea["strategy"] if isinstance(idea["strategy"], str) else idea["strategy"]["name"]
    lines = {
        "strategy": f"{told['strategy_id']} {name} on {', '.join(idea['symbols'])} {idea['timeframe']}",
        "status": told["status"],
        "reason": told["reason"] or "-",
        "trials in family": told["trials_in_family"],
    }
    facts(lines)
    for tier, result in told["tiers"].items():
        say(f"{tier}: {_worded(result['verdict'])}")
        rows = [
            (r["metric"], r["value"], f"{r['comparison']} {r['threshold']:g}", r["outcome"], r["kind"])
            for r in result["rows"]
            if r["kind"] == "gate" or r["outcome"] != "passed"
        ]
        table(("metric", "found", "asked", "outcome", "kind"), rows, empty="no gate was reached")
    for name in ("critic", "risk"):
        said = told[name]
        say(f"{name}: {'not asked yet' if said is None else _worded(said['verdict'])}")
    for record in told["deployments"]:
        say(f"{record['deployment_id']}: {record['status']}, {record['summary']}")
    say(f"next: {told['next']}")


def _say_plan(told: Mapping[str, Any]) -> None:
    names = ("strategy", "symbols", "timeframe", "stage", "account", "book", "target_allocation", "target_value")
    more = {name: told[name] for name in _LIVE_ONLY if name in told} | (
        {"whole lots": _pairs(told["lots"])} if told.get("lots") else {}
    )
    facts({name: told[name] for name in names} | {"params": _pairs(told["params"])} | more)
    if "baseline" in told:
        _say_baseline(told["baseline"])
    checks = [
        (c["what"], c["value"], f"{c['comparison']} {c['threshold']:g}", c["holds"], c["detail"])
        for c in told["risk"]["checks"]
    ]
    table(("risk", "found", "asked", "holds", "what"), checks)
    for refusal in told["refused"]:
        say(f"refused: {refusal}")
    say("nothing was changed")


def _say_baseline(baseline: Mapping[str, Any]) -> None:
    low, high = baseline["interval"]
    say(f"baseline: {1e4 * baseline['mean']:.2f} bps a day, 95 % within {1e4 * low:.2f} and {1e4 * high:.2f}")
    bands = [(b["days"], *b["mean"], *b["total"]) for b in baseline["bands"]]
    table(("days", "mean low", "mean high", "total low", "total high"), bands)


def _say_asked(told: Mapping[str, Any]) -> None:
    for approval in told["waits_for"]:
        say(f"{approval['approval_id']}  {approval['question']}")
        facts({f"  {name}": value for name, value in approval["shows"].items()})
        say(f'quorum approve {approval["approval_id"]} --reason "..."')
    if not told["waits_for"]:
        facts({name: told[name] for name in ("workflow_id", "status", "reason")})


def _say_moved(told: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    say(f"{told['strategy_id']}  {told['before']} -> {told['status']}  ({told['decision_id']})")


def _worded(verdict: Mapping[str, Any]) -> str:
    kind = str(verdict["verdict"])
    if kind == "failed":
        return f"failed, {verdict['reason']}: {verdict['why']}"
    if kind == "inconclusive":
        return f"inconclusive: {verdict['what']}, {verdict['needed']} needed, {verdict['found']} found"
    return kind


def _pairs(params: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in params.items()) or "none"
