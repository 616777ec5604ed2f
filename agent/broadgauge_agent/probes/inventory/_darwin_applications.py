"""What lies in /Applications, by the system profiler. It lists users' own folders, too: those are
passed over, and so is what belongs to macOS.
"""

from broadgauge_agent._system_tool import ask

from ._darwin_report import Report, report_in

Found = list[tuple[str, str | None]]

APPLICATIONS = "SPApplicationsDataType"
PROFILER = ("/usr/sbin/system_profiler", "-json", APPLICATIONS)
LIMIT_SECONDS = 180.0
"""It looks through the whole disk."""

FOLDER = "/Applications/"


def installed() -> Found | None:
    """None if macOS doesn't say."""
    return applications_in(report_in(ask(PROFILER, LIMIT_SECONDS)))


def applications_in(report: Report) -> Found | None:
    """Name and version of those in the folder that is for everybody."""
    if APPLICATIONS not in report:
        return None
    found = (
        (one.get("path"), one.get("_name"), one.get("version")) for one in report[APPLICATIONS]
    )
    return [
        (name, version if isinstance(version, str) else None)
        for path, name, version in found
        if isinstance(path, str) and path.startswith(FOLDER) and isinstance(name, str)
    ]
