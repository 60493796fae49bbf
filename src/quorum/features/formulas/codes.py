"""What a cell of a plan does, as the numbers that kernels switch on."""

from __future__ import annotations

OPEN, HIGH, LOW, CLOSE, VOLUME, FUNDING, HOUR, WEEKDAY = range(8)
COLUMNS = ("open", "high", "low", "close", "volume", "funding", "hour", "weekday")
CONSTANT = 9
ADD, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER, NEGATE = range(10, 16)
BELOW, AT_MOST, ABOVE, AT_LEAST, EQUAL, UNEQUAL = range(20, 26)
BOTH, EITHER, NOT = range(30, 33)
MAGNITUDE, SMALLER, LARGER, LOGARITHM, EXPONENTIAL, ROOT, CHOICE, FLOOR = range(40, 48)
FIRST_WINDOW = 50
LAG, SUM, MEAN, DEVIATION, HIGHEST, LOWEST, MEDIAN, RANK, SLOPE = range(50, 59)
FIRST_RECURSION = 60
EXPONENTIAL_MEAN, WILDER_MEAN, STRENGTH, TRUE_RANGE_MEAN = range(60, 64)
