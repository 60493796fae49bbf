"""The tasks of a step: one by itself, or several that take what they do not say from the step above them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from quorum.desk.agents.roster import COORDINATOR
from quorum.desk.settings.reading import closest
from quorum.desk.workflows.document.known import Known, Protocols
from quorum.desk.workflows.document.sheet import Entry, Keys, Sheet
from quorum.desk.workflows.spec import Degrade, Fallback, Retries, Task

INHERITED = ("agent", "critical", "deadline_seconds", "retries", "degrade")
ONE = ("agent", "task", "params", "inputs", "outputs", "output", "deadline_seconds", "retries", "critical", "degrade")
LISTED = ("name", "action", "condition", *ONE)
PLACES = ("/state/", "/data/", "/backtests/", "/models/", "/outputs/")
VIEWS = ("/state/system/", "/state/workflows/", "/state/decisions/", "/state/answers/", "/state/trades/trades.json")
FORMS = (".json", ".parquet", "/")
MOST_TASKS = 64
_WORDS = re.compile(r"[^a-z0-9]+")
_PATH = re.compile(r"(/[A-Za-z0-9_][A-Za-z0-9_.=-]*)+/?")


class Tasker:
    """Reads tasks of one sheet. `known` is None where the names have been looked up before."""

    def __init__(self, sheet: Sheet, known: Known | None, protocols: Protocols) -> None:
        self.sheet, self.known, self.protocols = sheet, known, protocols

    def listed(self, step: Entry) -> tuple[Task, ...]:
        """The tasks of the list `tasks`: mappings, or plain words that name a task."""
        found = step.listed("tasks")
        if len(found) > MOST_TASKS:
            raise step.refuse("tasks", f"{len(found)} tasks in one step", f"write at most {MOST_TASKS}")
        return tuple(self._listed(step, (*step.keys, "tasks", k)) for k in range(len(found)))

    def _listed(self, step: Entry, keys: Keys) -> Task:
        number = int(keys[-1]) + 1
        value: Any = step.values["tasks"][number - 1]
        if isinstance(value, str):
            said = _WORDS.sub("_", value.strip().lower()).strip("_")
            if self.known is not None and said not in self.known.tasks:
                raise self.sheet.refuse(keys, f"{value!r} names no task", self._offer(step.values.get("agent")))
            entry = Entry(self.sheet, keys, f"task {number}", {"task": said, "action": value})
        else:
            entry = Entry(self.sheet, keys, f"task {number}")
            entry.only(LISTED)
        return self.task(entry, step)

    def task(self, entry: Entry, above: Entry | None = None, name: str | None = None) -> Task:
        """The task that `entry` describes; what it does not say of INHERITED, `above` says."""
        said = {k: above if above is not None and k in above and k not in entry else entry for k in INHERITED}
        task, agent = self._named(entry, said["agent"])
        critical = said["critical"].flag("critical", True)
        default = self.protocols.fallback(critical, agent)
        inside = entry.below("params", "params")
        return Task(
            name=name or entry.text("name", task),
            task=task,
            agent=agent,
            action=entry.text("action", ""),
            params={} if inside is None else inside.values,
            inputs=entry.expressions("inputs", "inputs"),
            outputs=dict(_outputs(entry)),
            output=_output(entry),
            condition=None if name else entry.condition("condition"),
            deadline_seconds=_deadline(said["deadline_seconds"]),
            retries=_retries(said["retries"], self.protocols.retries(critical)),
            critical=critical,
            fallback=_fallback(said["degrade"], default, Degrade.HALT if critical else Degrade.SKIP),
        )

    def _named(self, entry: Entry, sayer: Entry) -> tuple[str, str | None]:
        """The task's name and its agent, as `sayer` says it, once it is known that the agent does the task."""
        agent = sayer.text("agent") if "agent" in sayer else None
        if entry.values.get("task") is None:
            raise entry.refuse(None, f"{entry.what} has no task", f"write task: and its name; {self._offer(agent)}")
        task = entry.text("task")
        if self.known is None:
            return task, agent
        does = self.known.does(agent or COORDINATOR)
        if agent is not None and does is None:
            near = closest(agent, self.known.agents)
            raise sayer.refuse(
                "agent", f"there is no agent {agent!r}{near}", "`quorum agents` lists them; config/agents.yaml adds one"
            )
        if task not in self.known.tasks:
            raise entry.refuse(
                "task", f"there is no task {task!r}{closest(task, self.known.tasks)}", self._offer(agent)
            )
        if does is not None and task not in does:
            who = [name for name, tasks in self.known.agents.items() if task in tasks]
            found = f"{agent or f'without an agent it is the {COORDINATOR}, which'} does not do {task}"
            raise entry.refuse("task", found, f"{' or '.join(who[:3]) or 'nobody'} does; {self._offer(agent)}")
        return task, agent

    def _offer(self, agent: object) -> str:
        """The tasks of an agent, those of the coordinator without one, in words."""
        if self.known is None:
            return "the tasks that there are"
        name = agent if isinstance(agent, str) else COORDINATOR
        does = self.known.does(name)
        if does is None:
            return f"there are {', '.join(self.known.tasks)}"
        return f"{name} does {', '.join(does) or 'nothing yet'}"


def _outputs(entry: Entry) -> Iterator[tuple[str, str]]:
    below = entry.below("outputs", "outputs")
    for name in below.values if below is not None else ():
        path = below.text(name) if below is not None else ""
        if below is not None and not all(part.isidentifier() for part in path.split(".")):
            raise below.refuse(name, f"{name}: {path!r} is no path in an answer", "write it as quality.tier")
        yield name, path


def _output(entry: Entry) -> str | None:
    """The path of the document; a sentence in its place is a remark, and makes no document."""
    if entry.values.get("output") is None:
        return None
    path = entry.text("output")
    if "/" not in path and " " in path:
        return None
    if not path.startswith(PLACES) or path in PLACES:
        raise entry.refuse("output", f"output: {path!r} is not below {', '.join(PLACES)}", "write a path from there")
    if not _PATH.fullmatch(path):
        raise entry.refuse("output", f"output: {path!r} leaves its folder or has odd letters", "write a plain path")
    if path.startswith(VIEWS):
        raise entry.refuse("output", f"output: {path!r} is where the desk shows how it is", "write another path")
    if not path.endswith(FORMS):
        raise entry.refuse("output", f"output: {path!r} is no document", f"end it with {', '.join(FORMS)}")
    return path


def _deadline(entry: Entry) -> float | None:
    """None where nothing is said: then it is the agent's own, or the failure protocol's."""
    return entry.seconds("deadline_seconds", None) if "deadline_seconds" in entry else None


def _retries(entry: Entry, default: Retries) -> Retries:
    value = entry.values.get("retries")
    if value is None:
        return default
    if isinstance(value, int):
        return Retries(entry.whole("retries", 0, 0, 10), default.first_seconds, default.factor)
    inside = Entry(entry.sheet, (*entry.keys, "retries"), "retries")
    inside.only(("most", "first_seconds", "factor"))
    return Retries(
        inside.whole("most", default.most, 0, 10),
        inside.seconds("first_seconds", default.first_seconds, low=0.0, high=3_600.0),
        inside.number("factor", default.factor, 1.0, 10.0),
    )


def _fallback(entry: Entry, default: Fallback, last: Degrade) -> Fallback:
    value = entry.values.get("degrade")
    if value is None:
        return default
    words = [policy.value for policy in Degrade]
    if isinstance(value, str):
        return Fallback(Degrade(entry.choice("degrade", words, "")), default.max_wait_seconds, _then(default, last))
    inside = Entry(entry.sheet, (*entry.keys, "degrade"), "degrade")
    inside.only(("policy", "max_wait_seconds", "then"))
    policy = Degrade(inside.choice("policy", words, inside.text("policy")))
    for key in ("max_wait_seconds", "then"):
        if key in inside and policy is not Degrade.WAIT_AND_RETRY:
            raise inside.refuse(key, f"{key}: {policy.value} does not wait", "wait_and_retry does; or leave it out")
    words.remove(Degrade.WAIT_AND_RETRY.value)
    then = Degrade(inside.choice("then", words, _then(default, last).value))
    return Fallback(policy, inside.seconds("max_wait_seconds", default.max_wait_seconds), then)


def _then(default: Fallback, last: Degrade) -> Degrade:
    """What follows a wait that ended without data: the protocol's word where it has one."""
    return default.then if default.policy is Degrade.WAIT_AND_RETRY else last
