"""What the doctor asks of a coordinator: channels that can be used, workflows and schedules that can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from quorum.desk.doctor import Finding
from quorum.desk.notices import Channels
from quorum.desk.running import known_by, protocols_by
from quorum.desk.schedule import read_schedules
from quorum.desk.work import TASKS
from quorum.desk.workflows import WorkflowSpec, workflows
from quorum.desk.workspace import Settings, Workspace
from quorum.domain import ConfigError, QuorumError

Open = Callable[[Workspace, Settings], Channels]


def check_coordinator(workspace: Workspace, channels: Open) -> Iterator[Finding]:
    """One finding for each channel, workflow and schedule that is wrong, with its place; one for those that are not.

    Nothing is sent. Settings that cannot be read have no finding here: they have their own.
    """
    try:
        settings = workspace.settings()
    except QuorumError:
        return
    yield from _channels(channels(workspace, settings))
    rules = settings.agents.rules()
    specs = workflows(workspace.config / "workflows", known_by(rules, TASKS), protocols_by(rules))
    wrong = [Finding(f"workflow {n}", False, s.found, s.remedy) for n, s in specs.items() if isinstance(s, ConfigError)]
    yield from wrong
    yield Finding("workflows", not wrong, f"{len(specs) - len(wrong)} can be read", "mend those above" if wrong else "")
    yield from _schedules(workspace, specs)


def _channels(channels: Channels) -> Iterator[Finding]:
    wrong = 0
    for name in channels.names():
        try:
            channels.check(name)
        except QuorumError as error:
            wrong += 1
            yield Finding(f"channel {name}", False, error.found, error.remedy)
    count = len(channels.names()) - 1 - wrong
    yield Finding("channels", not wrong, f"{count} besides the log can be used", "mend those above" if wrong else "")


def _schedules(workspace: Workspace, specs: dict[str, WorkflowSpec | ConfigError]) -> Iterator[Finding]:
    found = read_schedules(workspace.config / "schedule.yaml", specs)
    wrong = {name: schedule for name, schedule in found.items() if isinstance(schedule, ConfigError)}
    for name, error in wrong.items():
        yield Finding(f"schedule {name}", False, error.found, error.remedy)
    armed = sum(1 for schedule in found.values() if not isinstance(schedule, ConfigError) and schedule.enabled)
    told = f"{len(found) - len(wrong)} can be read, {armed} enabled"
    yield Finding("schedules", not wrong, told, "mend those above" if wrong else "")
