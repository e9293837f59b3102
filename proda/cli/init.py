"""`proda init DIR`: a new repository for a subject of one's own, with an example topic; ProDa stays an installed package.

    $ proda init breads --name "Bread"
    breads
    35 files, committed as 1c77e02d4 on main: a pipeline, parameters for the embedded base, and the example topic baking/bread-making
    Next: cd breads && make repro

`proda init --remove-example DIR` takes the example out again.
"""

from __future__ import annotations

import json
import shlex
from contextlib import nullcontext
from pathlib import Path

import click

from proda.cli.settings import note
from proda.errors import UsageError, counted

NO_TEMPLATE = (
    "No chat template could be read for {model} on this machine, so params.yaml has `train.prompt: plain`. For an instruct model change"
    " it to `chat`."
)


@click.command(epilog="Example: proda init ../my-subject --name 'My subject' --dry-run")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="Name of the subject, for the README. Default: the name of the folder.")
@click.option("--model", metavar="ID", help="Base model: a folder, or a Hugging Face id. Default: a small one that is trained offline.")
@click.option("--endpoint", metavar="URL", help="OpenAI-compatible endpoint for extraction, such as http://127.0.0.1:8000/v1.")
@click.option("--remove-example", is_flag=True, help="Remove the example topic from the repository DIR instead.")
@click.option("--dry-run", is_flag=True, help="Print the names of the files, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help="DIR is relative to this folder.")
def init(
    folder: Path,
    name: str | None,
    model: str | None,
    endpoint: str | None,
    remove_example: bool,
    dry_run: bool,
    as_json: bool,
    root: Path,
) -> None:
    """Create a repository for a subject of your own in DIR, which must be empty or not exist.

    Nothing is downloaded, and the first `dvc repro` works offline. A run that was interrupted continues when it is run again.
    """
    if remove_example:
        if (name, model, endpoint) != (None, None, None):
            raise UsageError("--remove-example creates nothing: leave out --name, --model and --endpoint.")
        _remove_example(root / folder, dry_run, as_json)
        return
    from proda.merging.install import install
    from proda.workflows.init_repository import BRANCH, EMBEDDED, Written, plan_repository, write_repository

    base = EMBEDDED if model is None else model
    planned = plan_repository(root / folder, name=name, model=base, endpoint=endpoint or "")
    made = Written("") if dry_run else write_repository(planned)
    if (planned.root / ".git").exists() and not dry_run:
        install(planned.root)
    if as_json:
        listed = {"root": str(planned.root), "files": list(planned.texts), "commit": made.commit or None, "written": not dry_run}
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(planned.texts) if dry_run else str(root / folder))
    if dry_run:
        note("Nothing was written: a dry run.")
        return
    commit = f"committed as {made.commit[:9]} on {BRANCH}" if made.commit else "not committed"
    called = "the embedded base" if base == EMBEDDED else "a pretrained base"
    again = "continued an interrupted run: " if planned.begun else ""
    files = counted(len(planned.texts), "file")
    note(f"{again}{files}, {commit}: a pipeline, parameters for {called}, and the example topic baking/bread-making")
    note(made.why)
    if base != EMBEDDED and not planned.chat:
        note(NO_TEMPLATE.format(model=base))
    note(f"Next: cd {shlex.quote(str(root / folder))} && make repro")


def _remove_example(root: Path, dry_run: bool, as_json: bool) -> None:
    from proda.history.repository import Repository
    from proda.store.edit_lock import ALL, editing
    from proda.workflows.example_topic import PROPOSED, plan_removal
    from proda.workflows.file_set import require_committed, write_together

    if not root.is_dir():
        raise UsageError(f"{root}\n  There is no such folder.")
    root = Repository.open(root).root
    with nullcontext() if dry_run else editing(root, "proda init --remove-example", *ALL):
        planned = plan_removal(root)
        if not dry_run:
            require_committed(root, planned.texts.keys() - {PROPOSED})
            write_together(root, planned.texts)
    if as_json:
        click.echo(json.dumps({"files": list(planned.texts), "topics": planned.topics, "written": not dry_run}, indent=2))
    else:
        for file, text in planned.texts.items():
            click.echo(f"{'would ' if dry_run else ''}{'remove' if text is None else 'edit'} {file}")
    if planned.topics:
        note("Next: proda reading, then dvc repro.")
    else:
        note("No topic is left. Next: proda new DISCIPLINE/TOPIC, or proda ingest FILE --discipline NAME.")
