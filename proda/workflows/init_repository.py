"""The templates of proda/templates → a new data repository: knowledge, samples, benchmark and pipeline, with ProDa as a dependency.

    planned = plan_repository(Path("breads"), name="Bread", model="embedded", endpoint="")
    planned.texts                       # {"dvc.yaml": "…", "knowledge/baking/bread-making.yaml": "…", …}
    write_repository(planned)           # Written(commit="1c77e02…", why="")

Nothing is downloaded, and no code is copied. A folder that holds anything else than a part of these very files is refused, so that a run
that was interrupted can be run again, and nothing is overwritten. The folder becomes a git repository of its own with one commit.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from proda import __version__
from proda.document_settings import FILE as DOCUMENTS
from proda.document_settings import load_document_settings
from proda.errors import InputError, UsageError
from proda.gitrepo import GitError, NoRepositoryError, missing_identity, run_git
from proda.params import load_params
from proda.records import Record
from proda.workflows.file_set import write_together
from proda.workflows.installed_code import VERSION_FILE, installed_code, version_text
from proda.yamlio import dump_yaml
from proda.yamlio.policy import FORBIDDEN_CHARACTER

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
PARTS = ("repository", "example")
EMBEDDED = "embedded"
PARAMS = {True: "params-embedded.yaml", False: "params-pretrained.yaml"}  # whether the base is embedded → the template of params.yaml
# What `dvc init` writes.
DVC_FILES = {
    ".dvc/config": "[core]\n    analytics = false\n    autostage = false\n",
    ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
}
BRANCH = "main"
SHOWN = 10  # files that a message lists
PLACE = re.compile(r"\{\{([a-z]+)\}\}")
TEMPORARY = re.compile(r"\..+\.tmp")  # files that a killed write leaves behind
BASES = {
    True: """\
The base model is trained from scratch in a few minutes, for trying things out offline. It knows the words of `samples/base/reading.yaml`
only. With topics of your own, write that file again once with `proda reading`.
For a pretrained model set `model.base` in `params.yaml` to a folder or a Hugging Face id, and replace the whole sections `train` and
`evaluate` by those that `proda init DIR --model ID` writes.""",
    False: "The base model is {model}, as `params.yaml` says. The first `dvc repro` fetches it, if it is not on this machine.",
}
UNKNOWN_ORIGIN = """\
# Where ProDa comes from. This machine has it from a local folder or file, which others cannot reach. Replace this comment by an address:
# proda @ git+https://HOST/OWNER/REPOSITORY@v{version}
"""


class NewRepository(Record, frozen=True):
    """The files of a new repository, by path relative to `root`."""

    root: Path
    name: str
    texts: dict[str, str]
    begun: bool  # whether some of them are there, from a run that was interrupted
    chat: bool = False  # whether questions are put by the model's chat template


class Written(Record, frozen=True):
    """What became of a new repository. Without a commit, `why` says what is missing and how to make it."""

    commit: str
    why: str = ""


def plan_repository(root: Path, *, name: str | None = None, model: str = EMBEDDED, endpoint: str = "") -> NewRepository:
    """Return the files of a new repository at `root`; writes nothing. `name` defaults to that of the folder.

    Raises UsageError for a value that cannot be used, InputError if `root` holds other files or lies in another git repository, GitError
    if git cannot be used. Takes about five seconds, since the code of every stage is hashed.
    """
    root = Path(os.path.abspath(root))
    title = root.name if name is None else name
    _require_line("--name", title)
    _require_line("--model", model)
    _require_model(model)
    _require_place(root)
    if Path(model).is_dir():
        model = str(Path(model).resolve())
    embedded = model == EMBEDDED
    chat = has_chat_template(model)
    values = {
        "name": title,
        "version": __version__,
        "model": _scalar(model),
        "endpoint": _scalar(endpoint),
        "base": BASES[embedded].replace("{model}", f"`{model}`"),
        "prompt": "chat" if chat else "plain",
    }
    texts = {name: _filled(text, values) for name, text in templates(embedded=embedded).items()}
    _require_valid(texts)
    texts |= {"requirements.txt": requirement(), VERSION_FILE.as_posix(): version_text(installed_code())} | DVC_FILES
    begun = _require_empty(root, texts)
    return NewRepository(root, title, dict(sorted(texts.items())), begun, chat)


def _require_model(model: str) -> None:
    """Raise UsageError for a file, and for what can only be meant as a folder, and is none; a Hugging Face id does not start like that."""
    place = Path(model).expanduser()
    if place.is_file():
        kind = "a GGUF file, which cannot be tuned" if place.suffix == ".gguf" else "a file"
        raise UsageError(
            f"--model: got '{model:.200}', which is {kind}. Expected a model's folder (config.json, *.safetensors, tokenizer.json)."
        )
    if (model.startswith(("/", "./", "../", "~")) or model in (".", "..")) and not Path(model).is_dir():
        raise UsageError(f"--model: got '{model:.200}', which is no folder here. Expected a model's folder, or a Hugging Face id.")


def has_chat_template(model: str) -> bool:
    """Return whether a model's files hold a chat template: those of a folder, or of a Hugging Face id in the cache of this machine.

    Nothing is downloaded; of an id that is not in the cache nothing is known, and the result is False.
    """
    folder = Path(model)
    if not folder.is_dir():
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError

        try:
            config = try_to_load_from_cache(model, "config.json")
        except HFValidationError:
            return False
        if not isinstance(config, str):
            return False
        folder = Path(config).parent
    if (folder / "chat_template.jinja").is_file():
        return True
    try:
        config = json.loads((folder / "tokenizer_config.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and bool(config.get("chat_template"))


def templates(*, embedded: bool) -> dict[str, str]:
    """Return path in a repository → text with its {{places}}, for an embedded or a pretrained base.

    A file of a later folder replaces one of an earlier folder.
    """
    found: dict[str, str] = {}
    for part in PARTS:
        folder = TEMPLATES / part
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name = path.relative_to(folder).as_posix()
            if name == PARAMS[embedded]:
                name = "params.yaml"
            if name not in PARAMS.values():
                found[re.sub(r"(^|/)dot-", r"\1.", name)] = path.read_text(encoding="utf-8")
    return found


def write_repository(planned: NewRepository) -> Written:
    """Write the files, all or none, make the folder a git repository and commit them.

    What git refuses (no identity, a hook, a signature) leaves the files as they are, and is said in the result.
    """
    root = planned.root
    write_together(root, planned.texts)
    add = f"git add -A && git commit -m {_quoted(_subject(planned))}"
    try:
        if not (root / ".git").exists():
            run_git(root, "init", "--quiet")
            run_git(root, "symbolic-ref", "HEAD", f"refs/heads/{BRANCH}")
        if lacking := missing_identity(root):
            example = "git config --global user.name 'Ada Lovelace' && git config --global user.email ada@example.org"
            return Written("", f"git does not know who you are ({lacking}). Run\n  {example}\nthen, in {root}:\n  {add}")
        run_git(root, "add", "--all")
        run_git(root, "commit", "--quiet", "-m", _subject(planned))
        return Written(run_git(root, "rev-parse", "HEAD").strip())
    except GitError as error:
        return Written("", f"{error}\nThen, in {root}:\n  {add}")


def requirement() -> str:
    """Return the text of requirements.txt: the address or version that the running ProDa was installed from (PEP 610)."""
    # A checkout may hold a proda.egg-info beside its code; it says nothing about where the code comes from.
    found = next((each for each in distributions(name="proda") if each.read_text("RECORD") is not None), None)
    if found is None:
        return UNKNOWN_ORIGIN.format(version=__version__)
    raw = found.read_text("direct_url.json")
    if raw is None:
        return f"proda=={found.version}\n"
    origin = json.loads(raw)
    parts = urlsplit(str(origin.get("url", "")))
    if parts.scheme not in ("https", "http", "ssh"):
        return UNKNOWN_ORIGIN.format(version=__version__)
    address = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2] if parts.scheme != "ssh" else parts.netloc))
    vcs = origin.get("vcs_info")
    return f"proda @ {vcs['vcs']}+{address}@{vcs['commit_id']}\n" if vcs else f"proda @ {address}\n"


def _require_line(option: str, value: str) -> None:
    if not value.strip() or value != value.strip() or re.search(r"[\n\r\t]", value) or FORBIDDEN_CHARACTER.search(value):
        raise UsageError(f"{option}: got {value!r:.80}, expected one line of text. Give it again.")


def _require_place(root: Path) -> None:
    """Raise InputError if `root` is a file or lies in another git repository that does not ignore it; GitError without git."""
    if root.exists() and not root.is_dir():
        raise InputError(f"{root}\n  This is a file. Name a folder that is empty or does not exist.")
    folder = next(parent for parent in (root, *root.parents) if parent.is_dir())
    try:
        top = Path(run_git(folder, "rev-parse", "--show-toplevel").rstrip("\n"))
    except NoRepositoryError:
        return
    if root.is_dir() and os.path.samefile(top, root):
        return
    inside = os.path.relpath(os.path.realpath(root), os.path.realpath(top))
    try:
        run_git(top, "check-ignore", "--quiet", "--", f"{inside}/")
    except GitError:
        raise InputError(
            f"{root}\n  Lies in the git repository {top}, and commands that read history need a repository of their own. Nothing was"
            f" written. Name a folder outside of it, or add {inside}/ to its .gitignore first."
        ) from None


def _require_empty(root: Path, texts: dict[str, str]) -> bool:
    """Return whether `root` holds some of the files already, as they would be written. Raises InputError if it holds anything else."""
    if not root.is_dir():
        return False
    there: list[str] = []
    other: list[str] = []
    for folder, folders, names in os.walk(root):
        here = Path(folder).relative_to(root)
        if here == Path():
            folders[:] = [each for each in folders if each != ".git"]
        if here.parts == (".dvc",):
            folders[:] = [each for each in folders if each != "tmp"]  # written by DVC, which may have been called since
        for file in (here / each for each in names if each != ".git" and not TEMPORARY.fullmatch(each)):
            same = file.as_posix() in texts and (root / file).read_bytes() == texts[file.as_posix()].encode()
            (there if same else other).append(file.as_posix())
        if not folders and not names and here != Path():
            other += [] if any(Path(name).is_relative_to(here) for name in texts) else [f"{here.as_posix()}/"]
    if there and _has_commit(root):
        raise InputError(f"{root}\n  The folder is a ProDa repository already. Nothing was written. Name another folder.")
    if other:
        listed = [f"    {name}" for name in sorted(other)[:SHOWN]]
        more = [f"    … and {len(other) - SHOWN:,} more"] if len(other) > SHOWN else []
        advice = "If an interrupted `proda init` wrote the rest, give it the same options again; else name another folder."
        lines = [f"{root}\n  The folder is not empty. Nothing was written. It holds", *listed, *more]
        raise InputError("\n".join([*lines, f"  {advice if there else 'Name another folder.'}"]))
    return bool(there)


def _has_commit(root: Path) -> bool:
    try:
        return bool((root / ".git").exists() and run_git(root, "rev-parse", "--verify", "--quiet", "HEAD"))
    except GitError:
        return False


def _require_valid(texts: dict[str, str]) -> None:
    """Raise UsageError if the model or the endpoint cannot be used, as the files that hold them would say."""
    with tempfile.TemporaryDirectory() as folder:
        for name, option in (("params.yaml", "--model"), (DOCUMENTS, "--endpoint")):
            (Path(folder) / name).write_text(texts[name], encoding="utf-8")
            try:
                if name == DOCUMENTS:
                    load_document_settings(Path(folder))
                else:
                    load_params(Path(folder) / name)
            except InputError as error:
                raise UsageError(f"{option}: {str(error).partition(chr(10))[2].strip()} Nothing was written.") from None


def _filled(text: str, values: dict[str, str]) -> str:
    return PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def _scalar(value: str) -> str:
    return dump_yaml(value).rstrip("\n")


def _subject(planned: NewRepository) -> str:
    return f"Start {planned.name} with ProDa {__version__}"


def _quoted(text: str) -> str:
    """The text in quotation marks of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"
