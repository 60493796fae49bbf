"""The settings of a workspace.

Promise: every key has its default and an effect; what is unknown or wrong is refused at file, line and column.
In: YAML files. Out: frozen models, which give the rooms the values that they take.
Neighbours: `workspace` says where the files are; `risk`, `execution` and `signals` own what the values mean.
"""

from quorum.desk.settings.agents import AgentsFile
from quorum.desk.settings.coordinator import CoordinatorFile
from quorum.desk.settings.events import EventsFile
from quorum.desk.settings.notices import NotificationsFile
from quorum.desk.settings.reading import closest, place, read_document, read_settings, yaml_with_comments
from quorum.desk.settings.schedule import ScheduleFile
from quorum.desk.settings.sections import ConsensusFile, InstrumentsFile
from quorum.desk.settings.sources import HostSection, SourcesFile
from quorum.desk.settings.trading import AccountsFile, ExecutionFile, RiskFile

__all__ = [
    "AccountsFile",
    "AgentsFile",
    "ConsensusFile",
    "CoordinatorFile",
    "EventsFile",
    "ExecutionFile",
    "HostSection",
    "InstrumentsFile",
    "NotificationsFile",
    "RiskFile",
    "ScheduleFile",
    "SourcesFile",
    "closest",
    "place",
    "read_document",
    "read_settings",
    "yaml_with_comments",
]
