"""Whether the parts of a spec fit together: every name that is read is there by then, and is made once."""

from __future__ import annotations

import keyword
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from quorum.desk.settings.reading import closest
from quorum.desk.workflows.document import Keys, Sheet, convert
from quorum.desk.workflows.spec import (
    ApprovalPoint,
    DecisionPoint,
    Loop,
    Parameter,
    Step,
    SubWorkflow,
    Task,
    Tasks,
    WorkflowSpec,
)
from quorum.domain import ConfigError, UsageError
from quorum.domain.grammar import Call, Expression, Literal, Name, walk

Answers = Mapping[str, tuple[str, ...]]
Subs = Mapping[str, WorkflowSpec]
LITERALS = ("true", "false", "null", "none")
ABSENT = ("status", "reason")
VERDICT = ("verdict", "criteria", "values", "decision_id", *ABSENT)
APPROVAL = (
    *("approval_id", "status", "question", "shows", "workflow_id", "step", "scope", "size", "asked_at", "expires_at"),
    *("remind_at", "answered_by", "answered_at", "reason", "surface", "told_at"),
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Made(NamedTuple):
    """A name of a spec: what makes it, in words and as a step's number, where it stands, and the parts that it has.

    `parts` is () for a value that has none, None where nothing is known of them. A group of tasks cannot be read.
    """

    by: str
    step: int
    keys: Keys
    parts: tuple[str, ...] | None = None
    group: bool = False


def check(spec: WorkflowSpec, sheet: Sheet, answers: Answers | None, subs: Subs) -> None:
    """ConfigError at its place for the first thing that does not fit.

    `answers` are the keys of every task's answer, None where they are not known; `subs` the specs of its
    sub-workflows.
    """
    check = _Check(sheet, answers, subs)
    check.named(spec.name, ("workflow",), "workflow")
    for parameter in spec.params:
        check.make(parameter.name, Made(f"parameter {parameter.name}", 0, ("params", parameter.name), ()))
    check.show(0)
    for k, step in enumerate(spec.steps):
        check.published(step, ("steps", k))
    for k, step in enumerate(spec.steps):
        check.step(step, ("steps", k))
    for name, expression in spec.results.items():
        check.named(name, ("results", name), "result")
        check.reads(expression, ("results", name))


class _Check:
    """One check: `made` are all names of the spec, `seen` those that can be read at this point of it."""

    def __init__(self, sheet: Sheet, answers: Answers | None, subs: Subs) -> None:
        self.sheet, self.answers, self.subs = sheet, answers, subs
        self.made: dict[str, Made] = {}
        self.seen: dict[str, Made] = {}
        self.by_step: defaultdict[int, list[str]] = defaultdict(list)
        self.outputs: dict[str, str] = {}

    def refuse(self, keys: Keys, found: str, remedy: str) -> ConfigError:
        return self.sheet.refuse(keys, found, remedy)

    def named(self, name: str, keys: Keys, what: str) -> None:
        if not _NAME.fullmatch(name) or name in LITERALS or keyword.iskeyword(name):
            found = "is a word of the expressions" if _NAME.fullmatch(name) else "is no name"
            raise self.refuse(keys, f"the {what} {name[:80]!r} {found}", "name it in small letters, digits and _")

    def make(self, name: str, made: Made) -> None:
        self.named(name, made.keys, "name")
        if name in self.made:
            raise self.refuse(
                made.keys, f"{name!r} is made twice, first by {self.made[name].by}", "give it another name"
            )
        self.made[name] = made
        self.by_step[made.step].append(name)

    def show(self, step: int, by: str = "") -> None:
        """What a step makes can be read from here on, or what one task of it makes."""
        for name in self.by_step[step]:
            made = self.made[name]
            if not made.group and by in ("", made.by):
                self.seen[name] = made

    def is_list(self, keys: Keys) -> bool:
        return "tasks" in self.sheet.plain["steps"][keys[1]]

    def published(self, step: Step, keys: Keys) -> None:
        """Every name that a step makes, and its own, which no other may have."""
        by, body, where = f"step {step.number}", step.body, (*keys, "name")
        if isinstance(body, Tasks):
            self.grouped(step, body.tasks, keys)
            return
        parts: tuple[str, ...] = ()
        match body:
            case DecisionPoint():
                parts = VERDICT
            case ApprovalPoint():
                parts = APPROVAL
            case SubWorkflow(workflow):
                parts = (*self.subs[workflow].results, *ABSENT)
        self.make(step.name, Made(by, step.number, where, parts))
        if isinstance(body, DecisionPoint | ApprovalPoint):
            self.make(f"{step.name}_approved", Made(by, step.number, where, ()))

    def grouped(self, step: Step, tasks: Sequence[Task], keys: Keys) -> None:
        by = f"step {step.number}"
        if not self.is_list(keys):
            self.task(tasks[0], step.number, keys, by)
            return
        self.make(step.name, Made(by, step.number, (*keys, "name"), (), group=True))
        for k, task in enumerate(tasks):
            self.task(task, step.number, (*keys, "tasks", k), f"{by}, task {k + 1}")

    def task(self, task: Task, number: int, keys: Keys, by: str) -> None:
        answer = None if self.answers is None else self.answers[task.task]
        self.make(task.name, Made(by, number, (*keys, "name"), None if answer is None else (*answer, *ABSENT)))
        for name, path in task.outputs.items():
            first, where = path.split(".")[0], (*keys, "outputs", name)
            if answer is not None and first not in answer:
                found = f"{task.task} does not answer {first!r}{closest(first, answer)}"
                raise self.refuse(where, found, f"it answers {', '.join(answer) or 'nothing by name'}")
            self.make(name, Made(by, number, where))
        if task.output is not None:
            first = self.outputs.setdefault(task.output.rstrip("/"), by)
            if first != by:
                raise self.refuse((*keys, "output"), f"{first} writes {task.output} too", "write another path")

    def step(self, step: Step, keys: Keys) -> None:
        """What the parts of a step read; then what it makes can be read."""
        self.reads(step.condition, (*keys, "condition"), step.number)
        match step.body:
            case Tasks():
                self.tasks(step.body, step.number, keys)
            case DecisionPoint(_, criteria):
                for k, criterion in enumerate(criteria):
                    self.reads(criterion.expression, (*keys, "criteria", k), step.number)
            case ApprovalPoint():
                asked = (*keys, "approval")
                self.mapped(step.body.shows, (*asked, "shows"), step.number)
                self.reads(step.body.until, (*asked, "until"), step.number)
                self.reads(step.body.size, (*asked, "size"), step.number)
            case SubWorkflow():
                self.sub(step.body, keys, step.number)
            case Loop():
                self.loop(step.body, step.number, keys)
        self.show(step.number)

    def tasks(self, body: Tasks, number: int, keys: Keys) -> None:
        for k, task in enumerate(body.tasks):
            at = (*keys, "tasks", k) if self.is_list(keys) else keys
            self.reads(task.condition, (*at, "condition"), number)
            self.mapped(task.inputs, (*at, "inputs"), number)
            if not body.parallel:
                self.show(number, self.made[task.name].by)

    def loop(self, loop: Loop, number: int, keys: Keys) -> None:
        each = (*keys, "for_each")
        self.reads(loop.over, (*each, "over"), number)
        self.named(loop.item, (*each, "as"), "item")
        if loop.item in self.made:
            found = f"the item {loop.item!r} is made by {self.made[loop.item].by} already"
            raise self.refuse((*each, "as"), found, "give it another name")
        self.seen[loop.item] = Made("the loop", number, each)
        if isinstance(loop.body, SubWorkflow):
            self.sub(loop.body, keys, number)
        else:
            self.mapped(loop.body.inputs, (*keys, "inputs"), number)
        del self.seen[loop.item]

    def sub(self, body: SubWorkflow, keys: Keys, number: int) -> None:
        """A sub-workflow is given what it needs, and nothing that it does not know."""
        params = {p.name: p for p in self.subs[body.workflow].params}
        for name, expression in body.params.items():
            if name not in params:
                found = f"{body.workflow} has no parameter {name!r}{closest(name, params)}"
                raise self.refuse((*keys, "with", name), found, f"it has {', '.join(params) or 'none'}")
            self.constant(params[name], expression, (*keys, "with", name))
        self.mapped(body.params, (*keys, "with"), number)
        lost = [name for name, p in params.items() if p.required and name not in body.params]
        if lost:
            raise self.refuse((*keys, "with"), f"{body.workflow} needs {', '.join(lost)}", "give them below with:")

    def constant(self, parameter: Parameter, expression: Expression, keys: Keys) -> None:
        tree = expression.tree
        if isinstance(tree, Literal) and tree.value is not None:
            try:
                convert(parameter, tree.value)
            except UsageError as error:
                raise self.refuse(keys, error.found, error.remedy) from None

    def mapped(self, expressions: Mapping[str, Expression], keys: Keys, number: int) -> None:
        for name, expression in expressions.items():
            self.named(name, (*keys, name), "name")
            self.reads(expression, (*keys, name), number)

    def reads(self, expression: Expression | None, keys: Keys, number: int | None = None) -> None:
        """Every name in an expression can be read in step `number`, at the end without one; it calls nothing."""
        for node in walk(expression.tree) if expression is not None else ():
            at = f"{expression.text!r}, column {node.column}" if expression is not None else ""
            if isinstance(node, Call):
                raise self.refuse(keys, f"{at}: there is no function {node.function!r}", "a workflow calls none")
            if isinstance(node, Name):
                self.name(node, keys, at, number)

    def name(self, node: Name, keys: Keys, at: str, number: int | None) -> None:
        first = node.path[0]
        if first not in self.seen:
            raise self.refuse(keys, f"{at}: {self.absent(first, number)}", "read what an earlier step makes")
        made = self.seen[first]
        if len(node.path) > 1 and made.parts is not None and node.path[1] not in made.parts:
            found = f"{at}: {first} has no part {node.path[1]!r}{closest(node.path[1], made.parts)}"
            raise self.refuse(keys, found, f"it has {', '.join(made.parts)}" if made.parts else "it is one value")

    def absent(self, name: str, number: int | None) -> str:
        """Why a name cannot be read."""
        made = self.made.get(name)
        if made is None:
            return f"nothing makes {name!r}{closest(name, self.seen)}"
        if made.group:
            return f"{name!r} is a step of several tasks, each with a name of its own"
        if made.step == number:
            return f"{name!r} is made by {made.by}, which has not ended by then"
        return f"{name!r} is made by step {made.step} only"
