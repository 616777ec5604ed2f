"""What a report is asked."""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from ..capacity.method import METHOD
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

    def evaluated(self) -> Window:
        """An interval that also holds the windows of all evaluations that are looked back on."""
        return replace(self, days=self.days + 7 * METHOD.weeks).fetched()
