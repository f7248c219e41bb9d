"""What it costs to hand in late."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class LatePolicy:
    """So many percent of the points earned are taken off for each day begun; after some days nothing is left.

    Args:
        percent: for each day, from 0 to 100.
        days: how many days late it still counts.
    """

    percent: float = 10.0
    days: int = 7

    def penalty(self, points: float, hours_late: float) -> float:
        """The points that are taken off.

        >>> LatePolicy(10, 7).penalty(40, 25), LatePolicy(10, 7).penalty(40, 0), LatePolicy(10, 7).penalty(40, 24 * 8)
        (8.0, 0.0, 40.0)
        """
        days = math.ceil(hours_late / 24)
        if days > self.days:
            return float(points)
        return round(points * min(1.0, days * self.percent / 100), 2)

    def __str__(self) -> str:
        days = "1 day" if self.days == 1 else f"{self.days} days"
        return f"{self.percent:g} % of the points earned for each day begun; nothing counts after {days}"
