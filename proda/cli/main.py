"""The command `proda`: imports a verb's module only when the verb is called, so that light commands start at once.

Exit status: 0 on success, 1 if something in the repository is wrong, 2 if the command was called wrongly. A user's mistake prints one
message on standard error; a traceback is a bug.
"""

from __future__ import annotations

import importlib
import keyword
import os
import sys

INTERRUPTED = "Interrupted. Run the same command again."

try:
    import click

    from proda.cli.terminal import in_utf8_mode, open_standard_streams, refuse_undecodable, show_what_can_be_shown
    from proda.errors import ProdaError, UsageError, system_message
except KeyboardInterrupt:  # most of the time of a short command is spent here
    print(INTERRUPTED, file=sys.stderr)
    sys.exit(130)

# verb → one line for --help; the command is the function of that name in the module proda.cli.<verb> (`import_` for `import`)
VERBS = {
    "status": "Show what is stale, which repair round is open, and what to run next.",
    "check": "Check the knowledge and everything that refers to it.",
    "show": "Show anything that has an id, with what it comes from and what it leads to.",
    "diff": "Compare two revisions by meaning: nodes, samples, items, answers, scores.",
    "init": "Create a repository for a subject of your own.",
    "ingest": "Turn documents (PDF, DOCX, slides, HTML, …) into sources.",
    "curate": "Divide the sources into chunks, and reject those not worth extracting from.",
    "extract": "Find statements, concepts and chains in curated sources, and propose them for review.",
    "review": "Accept, edit or reject what was extracted from a document, beside its text.",
    "reading": "Choose the sentences that the embedded base learns its words from.",
    "new": "Create the skeletons of a new topic: source, topic file, catalogue entry.",
    "mv": "Rename a concept, chain or topic wherever it is named.",
    "merge": "Show the conflicts of a merge by node, or let git merge knowledge entry by entry (--install).",
    "repair": "Write patches for the diagnosed failures, one commit each.",
    "verify": "Compare scores before and after a repair round.",
    "pr": "Check a branch as its pull request is checked, and write, post or open it.",
    "rebuild": "Rebuild items and samples (or models too), commit them, and push.",
    "owners": "List who reviews which discipline, for CODEOWNERS.",
    "audit": "List the changes that could have fixed or broken each item.",
    "attribute": "Retrain with and without patches to measure what each one does.",
    "bisect": "Find the commit at which an item's answer flipped.",
    "drill": "Plant faults and count how many the debugger finds.",
    "study": "Compare diagnosed repair with control arms.",
    "runs": "List the training runs, or complete the run of the current results.",
    "report": "Write the report, one HTML page that works offline.",
    "write": "Let a language model word samples and items, write cases, and solve items.",
    "export": "Export samples or items in the formats of other tools.",
    "import": "Import ontologies, question sets and training rows, for review.",
}
CALLED_BY_GIT = ("merge-driver",)  # not listed


class _Verbs(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return [*VERBS, "help"]

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "help":
            return help_command
        if cmd_name not in (*VERBS, *CALLED_BY_GIT):
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name.replace("-", "_")
        command = getattr(importlib.import_module(f"proda.cli.{name}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([*VERBS.items(), ("help", "Show this list, or the help of a verb.")])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in (*self.list_commands(ctx), *CALLED_BY_GIT):
            raise click.UsageError(unknown_verb(args[0]), ctx)
        return super().resolve_command(ctx, args)


def unknown_verb(verb: str) -> str:
    """Return the message for a verb that does not exist, with the closest one that does."""

    from proda.errors import closest

    close = closest(verb, VERBS)
    return f"No verb '{verb}'. " + (f"Did you mean '{close}'?" if close else f"Verbs: {', '.join(VERBS)}.")


def _version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from proda.workflows.installed_version import version_text

        click.echo(version_text())
        context.exit()


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`dvc repro` rebuilds whatever a change affects. See README.md. Sheets of items for readers: `python -m proda.cli.reading_sheet"
    " --help`. Example: proda help diff",
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and exit.")
def cli() -> None:
    """Program with data: knowledge in git, samples and scores rebuilt from it."""


@click.command("help", epilog="Example: proda help diff")
@click.argument("verb", metavar="[VERB]", required=False)
@click.pass_context
def help_command(context: click.Context, verb: str | None) -> None:
    """Show the verbs, or the help of one VERB."""
    top = context.find_root()
    if verb is None:
        click.echo(top.get_help())
        return
    assert isinstance(top.command, click.Group)
    command = top.command.get_command(top, verb)
    if command is None:
        raise UsageError(unknown_verb(verb))
    with click.Context(command, info_name=verb, parent=top) as inner:
        click.echo(command.get_help(inner))


def main(command: click.Command = cli) -> None:
    """Run a command as `proda` does; scripts that report errors in the same way use it too."""
    try:
        open_standard_streams()
        in_utf8_mode()
        show_what_can_be_shown()
        refuse_undecodable(sys.argv[1:])
        code = command.main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ProdaError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo(INTERRUPTED, err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader has ended (`proda show … | head`), which is no fault. Without this the interpreter complains when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        click.echo(system_message(error), err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
