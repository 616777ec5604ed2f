"""When upkeep is due: once a night, at once where a night was missed, soon after a failure."""

from datetime import datetime, time, timedelta

RETRY = timedelta(hours=1)
DAY = timedelta(days=1)


def next_due(
    at: time, last_good: datetime | None, last_failed: datetime | None, now: datetime
) -> datetime:
    """The next moment to begin. `now` is in the zone whose clock `at` is read from; what is in the
    past is due at once. Failures before the last good run don't count."""
    latest = _latest(at, now)
    if last_good is not None and last_good >= latest:
        return _on(now, at, days=1) if now.time() >= at else _on(now, at, days=0)
    if last_failed is not None and (last_good is None or last_failed > last_good):
        return max(now, last_failed + RETRY)
    return now


def months_to_seal(now: datetime, grace: timedelta) -> datetime:
    """Months that ended before this instant are closed, late results included: the beginning of
    this month, or of the last one during the first days."""
    first = month_of(now)
    return first if now - first >= grace else month_of(first - DAY)


def month_of(moment: datetime) -> datetime:
    """The beginning of its month."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _latest(at: time, now: datetime) -> datetime:
    today = _on(now, at, days=0)
    return today if today <= now else _on(now, at, days=-1)


def _on(now: datetime, at: time, *, days: int) -> datetime:
    return datetime.combine(now.date() + timedelta(days=days), at, now.tzinfo)
