"""The three that think without a language model: strategist, maverick and data-curious."""

from quorum.discovery.participants.curious import CURIOUS, Curiosity, Look, curious, propose
from quorum.discovery.participants.maverick import MAVERICK, maverick
from quorum.discovery.participants.strategist import STRATEGIST, strategist

__all__ = ["CURIOUS", "MAVERICK", "STRATEGIST", "Curiosity", "Look", "curious", "maverick", "propose", "strategist"]
