"""Notifications: to a file that a person or a program follows.

Promise: a message that `notify` returned from is on disk.
In: a severity, a summary, details. Out: one JSON line a message.
Neighbours: implements the port Notifier of `domain`; only `bootstrap` knows it.
"""

from quorum.adapters.notify.file import FileNotifier

__all__ = ["FileNotifier"]
