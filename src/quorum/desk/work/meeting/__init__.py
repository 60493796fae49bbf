"""The strategy meeting as a workflow's tasks."""

from quorum.desk.work.meeting.convening import brief_meeting, hold_meeting

__all__ = ["brief_meeting", "hold_meeting"]
