"""Commands around the workspace: init, doctor, views, decisions, why, replay."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, facts, note, print_json, say, table

Identity = Annotated[str, typer.Argument(help="A decision, order, fill or trial, as printed by other commands.")]


def init(
    home: Home = None,
    participants: Annotated[
        str | None, typer.Option(help="Analysts that must vote, separated by commas; else smc,ml_model.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a workspace, or complete one.

    Example: quorum init --participants smc,momentum
    """
    from quorum.bootstrap import default_home, open_workspace
    from quorum.desk import make_workspace
    from quorum.domain import UsageError
    from quorum.signals import ANALYSTS

    names = None if participants is None else [p.strip() for p in participants.split(",") if p.strip()]
    unknown = [name for name in names or [] if name not in ANALYSTS]
    if unknown or names == []:
        what = f"there is no participant {', '.join(unknown)}" if unknown else "no participant is named"
        raise UsageError(what, f"choose of {', '.join(ANALYSTS)}")
    folder = home or default_home()
    made = make_workspace(folder, names)
    required = open_workspace(folder).settings().consensus.consensus.required_participants
    if as_json:
        print_json({"home": str(folder.resolve()), "made": [str(p) for p in made], "required_participants": required})
        return
    say(f"workspace {folder.resolve()}: {len(made)} files written")
    say("next: quorum data import PATH")


def doctor(home: Home = None, as_json: Json = False) -> None:
    """Say what is wrong and how to mend it; ends with 1 when something is.

    Example: quorum doctor --json
    """
    from quorum.bootstrap import check_halts, home_of, open_channels, schema_of
    from quorum.desk import diagnose
    from quorum.desk.upkeep import check_coordinator

    found = diagnose(
        home_of(home), schema_of, lambda workspace: check_coordinator(workspace, open_channels), check_halts
    )
    healthy = all(f.ok for f in found)
    if as_json:
        print_json({"healthy": healthy, "checks": found})
    else:
        table(
            ("check", "", "found", "remedy"),
            [(f.name, "ok" if f.ok else "WRONG", f.found, "" if f.ok else f.remedy) for f in found],
        )
    raise typer.Exit(0 if healthy else 1)


def views(home: Home = None, as_json: Json = False) -> None:
    """Rebuild the files that show the store, and the documents of the newest run of each workflow.

    Example: quorum views
    """
    from quorum.bootstrap import open_desk
    from quorum.desk import publish
    from quorum.desk.running import Compiled, protocols_of
    from quorum.desk.team import rebuild

    desk = open_desk(home)
    shown = publish(desk)
    written = [str(path) for path in shown.written]
    documents = rebuild(desk, Compiled(protocols_of(desk)))
    if as_json:
        print_json({"views": written, "documents": documents, "doubts": list(shown.doubts)})
        return
    for doubt in shown.doubts:
        note(doubt)
    say(f"{documents} documents of runs")
    for path in written:
        say(path)


def decisions(
    home: Home = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 20,
    kind: Annotated[str | None, typer.Option("--kind", help="Only of one kind: consensus, risk, approval, …")] = None,
    subject: Annotated[str | None, typer.Option("--subject", help="Only about that: a symbol, an approval, …")] = None,
    as_json: Json = False,
) -> None:
    """List decisions, newest first: votes, risk's word, approvals, verdicts, policies, moves of the system's state.

    Example: quorum decisions --kind approval --limit 5
    """
    from quorum.bootstrap import open_desk
    from quorum.desk import told_decisions
    from quorum.domain import DecisionKind, UsageError, iso

    known = {one.value: one for one in DecisionKind}
    if kind is not None and kind not in known:
        raise UsageError(f"there is no kind of decision {kind!r}", f"there are {', '.join(known)}")
    desk = open_desk(home)
    found = desk.decisions.recent(limit, None if kind is None else known[kind], subject)
    if as_json:
        lines = told_decisions(desk, found)
        print_json({"decisions": [{**line, "kind": line["type"], "at": line["timestamp"]} for line in lines]})
        return
    rows = [
        (d.decision_id, d.choice.kind.value, d.choice.subject, iso(d.choice.as_of), d.choice.rationale) for d in found
    ]
    table(("id", "kind", "subject", "as of", "why"), rows)


def why(identity: Identity, home: Home = None, as_json: Json = False) -> None:
    """Explain an order, a fill, a decision or a trial, back to the bars.

    Example: quorum why DEC-20240603-001
    """
    from quorum.bootstrap import open_desk
    from quorum.desk import why as explain
    from quorum.surfaces.cli.chain import draw

    chain = explain(open_desk(home), identity)
    if as_json:
        print_json({"id": identity, "chain": chain})
        return
    for line in draw(chain):
        say(line)


def replay(identity: Identity, home: Home = None, as_json: Json = False) -> None:
    """Make a decision again in a fresh process, without what was recorded of it; ends with 1 unless identical.

    Example: quorum replay DEC-20240603-001 --json
    """
    from quorum.bootstrap import open_desk
    from quorum.desk import replay as make_again
    from quorum.domain import plain

    answer = make_again(open_desk(home), identity)
    if as_json:
        print_json({"id": identity, **plain(answer)})
    else:
        say(f"{answer.verdict}{f' ({answer.field})' if answer.field else ''}")
        facts({"replayed": ", ".join(answer.replayed)})
        if answer.field:
            facts({"recorded": answer.recorded, "recomputed": answer.recomputed})
    raise typer.Exit(0 if answer.verdict == "identical" else 1)


def task(name: str) -> None:
    """Answer one named task: JSON in, JSON out."""
    from quorum.bootstrap import run_task
    from quorum.domain import UsageError

    try:
        payload: dict[str, Any] = json.load(sys.stdin)
    except ValueError as error:
        raise UsageError(f"what task {name} was given is no JSON", "it is called by other commands") from error
    json.dump(run_task(name, payload), sys.stdout)
