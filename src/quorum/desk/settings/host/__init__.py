"""Files that a host's plug-in keeps in the workspace: read, and never written.

Promise: what they limit is limited; keys that are not known stay and mean nothing here.
In: a host's YAML files. Out: the settings as they hold beside them.
Neighbours: `sections` and `tiers` have our own limits; the stricter of both holds.
"""

from quorum.desk.settings.host.risk import HOST_BOOK, HostRisk, read_host_risk

__all__ = ["HOST_BOOK", "HostRisk", "read_host_risk"]
