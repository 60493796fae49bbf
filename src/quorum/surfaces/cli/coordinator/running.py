"""Running the desk, and its state at a glance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, facts, note, print_json, table

STRATEGY = ("strategy_id", "status", "symbols", "timeframe", "reason")
RESULTS = ("strategy_id", "symbol", "quantity", "realised", "unrealised", "fees", "profit")
KEPT_BACK = ("strategy_id", "account", "symbol", "why")
TRADED = ("results", "bands", "kept_back")


def up(
    role: Annotated[list[str] | None, typer.Option("--role", help="worker or scheduler; else both.")] = None,
    under: Annotated[int | None, typer.Option(hidden=True, help="End with this process.")] = None,
    home: Home = None,
) -> None:
    """Run the desk until it is told to stop: a process for each role, each started again when it dies.

    With one --role that role runs in this process, as a second machine's supervisor of services starts it.

    Example: quorum up
    """
    from quorum.bootstrap import ROLES, run_role, run_up, set_up_logs

    asked = tuple(role or ROLES)
    log = set_up_logs(home, asked[0] if len(asked) == 1 else "up")
    if len(asked) == 1:
        run_role(home, asked[0], log, under)
        return
    run_up(home, asked, log, lambda: note(f"quorum is up: {', '.join(asked)}; stop it with Ctrl-C"))


def status(home: Home = None, as_json: Json = False) -> None:
    """Show the desk at a glance: its state, who works, what waits for a person, what went wrong.

    Example: quorum status
    """
    from quorum.bootstrap import open_desk, works_elsewhere
    from quorum.desk.approvals import facts as approval_facts
    from quorum.desk.life import queue_facts
    from quorum.desk.trading.accounting import told as total_told
    from quorum.desk.trading.accounting import total
    from quorum.desk.trading.halting import halt_facts
    from quorum.desk.trading.turns import attributions, beside_baseline, kept_back
    from quorum.domain import iso
    from quorum.validation.life import DEPLOYED, Status

    desk = open_desk(home)
    queue = queue_facts(desk)
    moved = desk.states.current()
    runs = desk.workflows.runs(10)
    told = {
        "state": moved.state.value,
        "since": iso(moved.at) if moved.at else None,
        "reason": moved.reason,
        "halts": [halt_facts(halt) for halt in desk.halts.standing()],
        "worker": works_elsewhere(home),
        "running": [run.identity for run in runs if run.status == "running"],
        "failed": [run.identity for run in runs if run.status == "failed"],
        "waits_for_you": [approval_facts(approval) for approval in desk.approvals.open()],
        "notices": [told.notice.document() for told in desk.outbox.listed(10, only_open=True)],
        "accounts": desk.accounts.listed(),
        **total_told(total(desk)),
        "strategies": queue["counts"],
        "ask_to_be_deployed": _standing(queue, {Status.AWAITING_HUMAN}),
        "deployed": _standing(queue, DEPLOYED),
        "results": [one.told() for one in attributions(desk)],
        "bands": [one.told() for one in beside_baseline(desk)],
        "kept_back": kept_back(desk),
    }
    if as_json:
        print_json(told)
        return
    facts(
        {
            name: ", ".join(_words(v)) or "none" if isinstance(v, list | dict) else v
            for name, v in told.items()
            if name not in ("halts", "waits_for_you", "notices", "accounts", "ask_to_be_deployed", "deployed", *TRADED)
        }
    )
    _list("halted: `quorum resume --reason`", ("scope", "of", "severity", "reason", "by", "at"), told["halts"])
    _list("ask to be deployed: `quorum deploy ID --dry-run`", STRATEGY, told["ask_to_be_deployed"])
    _list("deployed", STRATEGY, told["deployed"])
    _list("what they have earned", RESULTS, told["results"])
    _list("beside their baselines", ("strategy_id", "days", "word"), told["bands"])
    _list("kept back: why it holds less than it decided", KEPT_BACK, told["kept_back"])
    _list("waits for you", ("approval_id", "question", "expires_at"), told["waits_for_you"])
    _list("to be acknowledged", ("notification_id", "priority", "summary"), told["notices"])


def _standing(queue: Mapping[str, Any], statuses: Collection[str]) -> list[dict[str, Any]]:
    """The strategies of the queue that stand there, without their rules."""
    return [{name: line[name] for name in STRATEGY} for line in queue["strategies"] if line["status"] in statuses]


def _words(values: Any) -> list[str]:
    return [f"{count} {word}" for word, count in values.items()] if isinstance(values, dict) else values


def _list(title: str, columns: Sequence[str], lines: Any) -> None:
    if lines:
        table(columns, ([line[column] for column in columns] for line in lines), title)
