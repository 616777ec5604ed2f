"""What a report is asked."""

from datetime import datetime, timedelta

from msgspec import Struct

from ..capacity.model import Target
from ..store.questions import Window


class Asked(Struct, frozen=True):
    """A target, and the window of so many days that ends now."""

    target: Target
    days: int
    now: datetime

    def fetched(self) -> Window:
        """An interval that holds the window in every time zone, and today to its end."""
        day = timedelta(days=1)
        return Window(self.now - (self.days + 1) * day, self.now + day)
