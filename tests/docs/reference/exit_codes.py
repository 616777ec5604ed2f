"""Exit codes, from the errors that end a command."""

from broadgauge_agent.errors import AgentError
from broadgauge_collector.errors import CollectorError, exit_code_of
from broadgauge_host.exit_codes import ExitCode
from tests.docs.reference.markdown import first_sentence, paragraphs, sentence, table
from tests.docs.reference.trees import tree

PROGRAMS = {"broadgauge-agent": AgentError, "broadgauge": CollectorError}


def page() -> str:
    """Each code, then what leads to it."""
    codes = table(("code", "meaning"), ((str(int(c)), sentence(c.meaning)) for c in ExitCode))
    return paragraphs(
        codes,
        *(_of_program(name, root) for name, root in PROGRAMS.items()),
        "## When a server refuses",
        "A command that asks a server ends with a code that follows from the HTTP status of the "
        "answer:",
        table(("status", "code"), ((str(s), str(int(exit_code_of(s)))) for s in _statuses())),
    )


def _of_program(name: str, root: type[AgentError | CollectorError]) -> str:
    kinds = [kind for kind in tree(root) if kind.exit_code != root.exit_code]
    rows = sorted((str(int(kind.exit_code)), first_sentence(kind.__doc__)) for kind in kinds)
    return paragraphs(f"## What ends `{name}`", table(("code", "when"), rows))


def _statuses() -> list[int]:
    return sorted({kind.status for kind in tree(CollectorError)} | {429})
