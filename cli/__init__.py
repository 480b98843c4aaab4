"""The front door: one command a module, imported when it is called."""

from __future__ import annotations

import contextlib
import importlib
import signal
import sys
from typing import Any

import click

from ..core.errors import AgentFailed, PolyathlonError, did_you_mean

COMMANDS = {
    "eval": ("evaluate:eval_command", "Play a benchmark or a pattern of tasks with an agent."),
    "list": ("catalogue:list_command", "Name tasks, benchmarks and agents."),
    "doctor": ("doctor:doctor_command", "Say what is installed, what works, what to type."),
    "env": ("interpreter:env_group", "Let a family be played by another Python."),
    "report": ("report:report_command", "Make the page of a run: one HTML file."),
    "replay": ("replay:replay_command", "Play a recorded episode again and compare."),
    "compare": (
        "compare:compare_command",
        "Say which of two agents is better, or that it is open.",
    ),
    "serve": ("serve:serve_command", "Serve an agent to evaluations, over WebSockets."),
    "train": (
        "train:train_command",
        "Train an agent, on recorded episodes or by playing.",
    ),
    "data": ("data:data_group", "Make, import, list and check data sets."),
    "socialnav": ("socialnav:socialnav_group", "Score logs of social navigation."),
    "tokenizer": ("tokenizer:tokenizer_group", "Fit action adapters, report what they keep."),
    "leaderboard": (
        "board:leaderboard_group",
        "Pack, sign, check, verify and export submissions; build a board.",
    ),
}
"""Name: where its command is, and its line in the help."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


class _Commands(click.Group):
    """Loads the module of a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            raise click.UsageError(
                f"no such command '{cmd_name}'.{did_you_mean(cmd_name, COMMANDS)}", ctx
            )
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f".{module}", __name__), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="polyathlon")
def _polyathlon() -> None:
    """One benchmark suite for embodied generalist agents."""


def main(arguments: list[str] | None = None) -> None:
    """Runs a command; a user's mistake is one line and exit code 2, never a traceback."""
    # A batch system's SIGTERM and a lost terminal are treated as Ctrl-C: workers are closed.
    # One that is ignored stays so: nohup means that a lost terminal shall not matter.
    for name in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(name) is not signal.SIG_IGN:
            signal.signal(name, _interrupt)
    try:
        code: Any = _polyathlon.main(arguments, prog_name="polyathlon", standalone_mode=False)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("polyathlon: interrupted", err=True)
        code = INTERRUPTED
    except PolyathlonError as error:
        if isinstance(error, AgentFailed) and error.traceback:
            click.echo(error.traceback, err=True)
        click.echo(f"polyathlon: {error}", err=True)
        code = error.exit_code
    except BrokenPipeError:
        # Whoever reads our output (head, less) has seen enough.
        sys.stderr.close()
        code = 1
    except (OSError, UnicodeError) as error:
        # The system refused something ordinary: a full disk under stdout, an unwritable name.
        code = 1
        with contextlib.suppress(OSError):
            click.echo(f"polyathlon: {error}", err=True)
    sys.exit(code if isinstance(code, int) else 0)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
