"""Notifications: to a file that a person or a program follows, and to the channels that people read.

Promise: a message that was handed over is on disk, or was taken by its service; no text shows a key.
In: messages, addresses, keys. Out: JSON lines, chat, e-mail, SMS; NotDelivered.
Neighbours: implements Notifier of `domain` and Channels of `desk.notices`; only `bootstrap` knows it.
"""

from quorum.adapters.notify.channels import AppriseChannels, NotDelivered
from quorum.adapters.notify.file import FileNotifier

__all__ = ["AppriseChannels", "FileNotifier", "NotDelivered"]
