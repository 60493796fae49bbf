"""The steps of a spec: what each of them is, told by the one body that it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from quorum.desk.workflows.document.sheet import Entry, may_be_condition
from quorum.desk.workflows.document.tasks import INHERITED, ONE, Tasker
from quorum.desk.workflows.spec import (
    ApprovalPoint,
    Body,
    Criterion,
    DecisionPoint,
    Loop,
    Step,
    SubWorkflow,
    Task,
    Tasks,
)

COMMON = ("step", "name", "action", "condition")
KEYS = {
    "task": ONE,
    "tasks": ("tasks", "parallel", *INHERITED),
    "decision_point": ("decision_point", "criteria"),
    "approval": ("approval",),
    "workflow": ("workflow", "with"),
}
APPROVAL = (
    *("question", "expires_seconds", "expires", "remind_seconds", "remind", "otherwise", "scope"),
    *("shows", "until", "size"),
)
MOST_STEPS = 2_000
MOST_AT_ONCE = 64
MOST_ITEMS = 1_000


def read_steps(entry: Entry, tasker: Tasker) -> tuple[Step, ...]:
    """The steps of a document, numbered 1, 2, 3 in their order."""
    if len(entry.listed("steps")) > MOST_STEPS:
        raise entry.refuse("steps", "too many steps", f"write at most {MOST_STEPS}, and sub-workflows")
    return tuple(_step(step, number, tasker) for number, step in enumerate(entry.items("steps", "step"), 1))


def _step(entry: Entry, number: int, tasker: Tasker) -> Step:
    kind = _kind(entry)
    entry.only((*COMMON, *KEYS[kind], *(("for_each",) if "for_each" in entry else ())))
    if entry.values.get("step") != number or isinstance(entry.values["step"], bool):
        found = f"is numbered {entry.values['step']!r}" if "step" in entry else "has no number"
        raise entry.refuse("step" if "step" in entry else None, f"step {number} {found}", "count from 1, one by one")
    condition = entry.condition("condition")
    named = entry.text("name", entry.text("task", "") if kind == "task" else "") or f"step_{number}"
    body = _loop(entry, named, tasker) if "for_each" in entry else _body(entry, kind, named, tasker)
    return Step(number, named, body, condition, entry.text("action", ""), entry.sheet.place(entry.keys))


def _kind(entry: Entry) -> str:
    """The body that a step has. One that names an agent or an output means a task, and has to say which."""
    found = [kind for kind in KEYS if kind in entry]
    if "for_each" in entry and found not in (["task"], ["workflow"]):
        raise entry.refuse("for_each", f"{entry.what} repeats no task and no workflow", "write task: or workflow:")
    if len(found) > 1:
        raise entry.refuse(found[1], f"{entry.what} has both {found[0]} and {found[1]}", "make two steps of it")
    return found[0] if found else "task"


def _body(entry: Entry, kind: str, name: str, tasker: Tasker) -> Body:
    readers: dict[str, Callable[[], Body]] = {
        "task": lambda: Tasks((tasker.task(entry, name=name),)),
        "tasks": lambda: Tasks(tasker.listed(entry), entry.flag("parallel", False)),
        "decision_point": lambda: DecisionPoint(entry.text("decision_point"), tuple(_criteria(entry))),
        "approval": lambda: _approval(Entry(entry.sheet, (*entry.keys, "approval"), "the approval")),
        "workflow": lambda: _sub(entry),
    }
    return readers[kind]()


def _criteria(entry: Entry) -> Iterator[Criterion]:
    for k, text in enumerate(entry.listed("criteria")):
        one = Entry(entry.sheet, (*entry.keys, "criteria", k), "criterion", {"criterion": text})
        read = one.expression("criterion")
        if not may_be_condition(read):
            raise one.refuse("criterion", f"criterion: {read.text!r} is neither true nor false", "compare it")
        yield Criterion(str(text), read)


def _approval(entry: Entry) -> ApprovalPoint:
    entry.only(APPROVAL)
    for long, short in (("expires_seconds", "expires"), ("remind_seconds", "remind")):
        if long in entry and short in entry:
            raise entry.refuse(short, f"the approval has both {long} and {short}", "leave one of them out")
    expires = "expires" if "expires" in entry else "expires_seconds"
    remind = "remind" if "remind" in entry else "remind_seconds"
    return ApprovalPoint(
        question=entry.text("question"),
        expires_seconds=entry.seconds(expires, None, low=1.0),
        remind_seconds=entry.seconds(remind, None, low=1.0) if entry.values.get(remind) is not None else None,
        otherwise=entry.choice("otherwise", ("reject", "halt"), "reject"),
        scope=entry.text("scope") if "scope" in entry else None,
        shows=entry.expressions("shows", "shows"),
        until=entry.expression("until") if "until" in entry else None,
        size=entry.expression("size") if "size" in entry else None,
    )


def _sub(entry: Entry) -> SubWorkflow:
    return SubWorkflow(entry.text("workflow"), entry.expressions("with", "with"))


def _loop(entry: Entry, name: str, tasker: Tasker) -> Loop:
    each = Entry(entry.sheet, (*entry.keys, "for_each"), "for_each")
    each.only(("over", "as", "at_most", "most_items"))
    each.need("over", "write the name of a list")
    body: Task | SubWorkflow = _sub(entry) if "workflow" in entry else _repeated(entry, name, tasker)
    return Loop(
        over=each.expression("over"),
        item=each.text("as", "item"),
        at_most=each.whole("at_most", None, 1, MOST_AT_ONCE),
        body=body,
        most_items=each.whole("most_items", MOST_ITEMS, 1, MOST_ITEMS),
    )


def _repeated(entry: Entry, name: str, tasker: Tasker) -> Task:
    for key in ("output", "outputs"):
        if key in entry:
            raise entry.refuse(
                key, f"{entry.what} repeats its task, and has one {key}", "read the list of answers in a later step"
            )
    return tasker.task(entry, name=name)
