"""Anomalies in past bars, tested as one family so that the many tests do not make the finding."""

from quorum.discovery.anomalies.found import Anomaly, surviving
from quorum.discovery.anomalies.looking import crowds, every_test, leads, seasons

__all__ = ["Anomaly", "crowds", "every_test", "leads", "seasons", "surviving"]
