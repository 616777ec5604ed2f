"""`completion`: the script with which a shell completes this program's commands and options."""

import click
from click.shell_completion import get_completion_class

PROGRAM = "broadgauge-agent"
VARIABLE = "_BROADGAUGE_AGENT_COMPLETE"
"""In which the shell asks the program; click derives the same name from the program's."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "powershell"]))
def completion(shell: str) -> None:
    """Print a script that lets SHELL complete with the Tab key.

    In a shell that is open: eval "$(broadgauge-agent completion bash)".

    \b
    Example:
      broadgauge-agent completion bash
    """
    script = get_completion_class(shell)
    assert script is not None  # noqa: S101 - the argument offers click's own shells
    root = click.get_current_context().find_root().command
    click.echo(script(root, {}, PROGRAM, VARIABLE).source(), nl=False)
