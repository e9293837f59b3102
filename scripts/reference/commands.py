"""The command line → usage, explanation, arguments and options of each verb, as click knows them."""

from __future__ import annotations

import inspect

import click

from proda.cli.main import VERBS, cli
from proda.cli.reading_sheet import reading_sheet
from scripts.reference.fields import escaped

SHEETS = "proda.cli.reading_sheet"


def page() -> str:
    """A section for each verb, in the order of `proda help`, and for the command that is called as a module."""
    return "\n\n".join([*(_verb(name) for name in VERBS), _section(reading_sheet, "python -m", SHEETS)])


def _verb(name: str) -> str:
    group = click.Context(cli, info_name="proda")
    command = cli.get_command(group, name)
    assert command is not None
    return _section(command, "proda", name, group)


def _section(command: click.Command, program: str, name: str, group: click.Context | None = None) -> str:
    context = click.Context(command, info_name=name, parent=group)
    usage = " ".join(command.collect_usage_pieces(context))
    parts = [f"## {program} {name}", f"```text\n{program} {name} {usage}\n```", _paragraphs(command.help or "")]
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option) and not parameter.hidden]
    if options:
        rows = "\n".join(f"| {_names(option, context)} | {_cell(option, context)} |" for option in options)
        parts.append(f"| option | meaning |\n|---|---|\n{rows}")
    if command.epilog:
        parts.append(_example(command.epilog))
    return "\n\n".join(part for part in parts if part)


def _names(option: click.Option, context: click.Context) -> str:
    """`--seeds LIST`, with the other names of the option."""
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    if option.is_flag or option.count:
        return names
    metavar = option.make_metavar(context)
    return f"{names} " + (f"`{metavar}`" if "[" in metavar or "|" in metavar else metavar)


def _cell(option: click.Option, context: click.Context) -> str:
    """The help of an option, with what click adds to it: default, range, whether it is required."""
    record = option.get_help_record(context)
    text = record[1] if record else ""
    return escaped(" ".join(text.split())).replace("|", "\\|")


def _paragraphs(text: str) -> str:
    """A docstring of click as Markdown: `\\b` marks lines that are kept as they are."""
    parts = []
    for block in inspect.cleandoc(text).split("\n\n"):
        if block.startswith("\b"):
            parts.append("```text\n" + block.lstrip("\b\n") + "\n```")
        else:
            parts.append(escaped(" ".join(block.split())))
    return "\n\n".join(parts)


def _example(epilog: str) -> str:
    """The example of a verb as a block, and what stands before it as text."""
    before, _, example = " ".join(epilog.split()).rpartition("Example: ")
    shown = f"```sh\n{example}\n```" if example.startswith(("proda ", "python ")) else escaped(example)
    return "\n\n".join(part for part in (escaped(before.strip()), shown) if part)
