"""`proda <verb>`: finds the verb's module only when it is called, so that `proda --help` and light commands start at once.

Exit status: 0 done, 1 something in the repository is not as it must be, 2 the command was called wrongly. A user's mistake prints
one message on standard error; a traceback is a bug.
"""

from __future__ import annotations

import importlib
import os
import sys

import click

from proda import __version__
from proda.errors import ProdaError, failed_write

# verb → one line for --help; the module is proda.cli.<verb>, its command the function of the same name
VERBS = {
    "check": "Check the knowledge base and everything that refers to it.",
    "show": "Show anything that has an id, with what it comes from and what it leads to.",
    "diff": "Compare two revisions by meaning: nodes, samples, items, flipped outcomes.",
    "repair": "Write a patch for every node the diagnoses blame, or share samples out anew, as commits.",
    "verify": "Judge the last round of repair: better, worse, or not to be told.",
    "audit": "Say which data change could have fixed or broken which test.",
    "attribute": "Prove by retraining which patches of a round help, harm, or are not needed.",
    "bisect": "Find the first commit where an item flipped.",
    "drill": "Plant faults, train, diagnose, and count how many the debugger finds.",
    "study": "Train the arms side by side: is it the diagnosis that helps?",
    "report": "Write the report, one HTML page that works offline.",
    "new": "Create the skeletons of a new topic: source, topic file, catalogue entry.",
    "mv": "Rename a concept, chain or topic wherever it is named.",
}


class _Verbs(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command = getattr(importlib.import_module(f"proda.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        import difflib

        if args and args[0] not in VERBS:
            close = difflib.get_close_matches(args[0], VERBS, n=1)
            hint = f"Did you mean '{close[0]}'?" if close else f"Verbs: {', '.join(VERBS)}."
            raise click.UsageError(f"No verb '{args[0]}'. {hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Rebuild everything with `dvc repro`; see README.md.",
)
@click.version_option(__version__, prog_name="proda")
def cli() -> None:
    """Program with data: knowledge in git, samples and scores rebuilt from it."""


def main(command: click.Command = cli) -> None:
    """Entry point of the `proda` command, and of the scripts that end as it does."""
    try:
        code = command.main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ProdaError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted. Nothing is half-written; run the same command again.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader has gone (`proda show … | head`); that is no fault, and the interpreter must not complain about it either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        click.echo(failed_write(error), err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
