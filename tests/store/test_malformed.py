"""Committed files that repair and verify read, damaged by a merge, an editor or a disk: one message that names the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from proda.errors import InputError
from proda.records import Diagnosis, Outcome
from proda.store.diagnoses import DIAGNOSIS, load_diagnoses, load_noticed, write_diagnoses
from proda.store.outcomes import read_outcomes, write_outcomes
from proda.store.run_record import RUN_RECORD as RUN
from proda.store.verdicts import VERDICTS, read_verdicts, write_verdict
from proda.workflows.repair_round import run_id

FOUND = Diagnosis("d/c:dev-path", "0f3a5c0000000000", "d/c", "concept gap", ("d/c.s1",), ("seed-0",), ("A",), 1.0, (), "Not known.")
OUTCOME = Outcome("d/c:dev-path", "0f", "seed-0", "dev", "d", "d/c", "path", "C", "C", True, 0.25)
VERDICT = {"patch": "1-a-00000000", "round": 1, "says": "harmful", "why": "Retrained.", "retrained": {"seeds": [3, 4]}, "items": {}}

# name → (makes the good file, its path, reads it)
FILES: dict[str, tuple[Callable[[Path], object], Path, Callable[[Path], object]]] = {
    "diagnosis": (
        lambda root: write_diagnoses(root, [FOUND], ("seed-0",)),
        DIAGNOSIS,
        lambda root: (load_diagnoses(root), load_noticed(root)),
    ),
    "outcomes": (
        lambda root: write_outcomes(root / "outcomes", [OUTCOME]),
        Path("outcomes/dev.csv"),
        lambda root: read_outcomes(root / "outcomes/dev.csv"),
    ),
    "verdict": (lambda root: write_verdict(root, VERDICT), VERDICTS / "1-a-00000000.yaml", read_verdicts),
    "run": (lambda root: (root / RUN).write_text('{"run_id": "abc"}'), RUN, run_id),
}
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda data: data[:-2],
    "conflict markers": lambda data: b"<<<<<<< HEAD\n" + data + b"=======\n" + data + b">>>>>>> theirs\n",
    "markers in the middle": lambda data: data[: len(data) // 2] + b"\n<<<<<<< HEAD\n" + data[len(data) // 2 :],
    "Latin-1": lambda data: data + "# é\n".encode("latin-1"),
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "a NUL byte": lambda data: data[:20] + b"\x00" + data[20:],
    "a list": lambda _: b"- a\n",
    "a word": lambda _: b"hello\n",
    "empty": lambda _: b"",
}


@pytest.mark.parametrize("verdict", [VERDICT, {"patch": "1-a-00000000", "round": 1, "says": "unproven", "why": "Not attributed yet."}])
def test_a_verdict_that_was_cut_at_the_end_of_a_line_is_noticed(tmp_path: Path, verdict: dict[str, object]) -> None:
    write_verdict(tmp_path, verdict)
    path = tmp_path / VERDICTS / "1-a-00000000.yaml"
    lines = path.read_bytes().splitlines(keepends=True)
    assert read_verdicts(tmp_path)
    whole = [n for n, line in enumerate(lines, start=1) if line.startswith(b"why")]  # a verdict with its reason, as people write it
    for kept in set(range(len(lines))) - set(whole):
        path.write_bytes(b"".join(lines[:kept]))
        with pytest.raises(InputError, match=r"1-a-00000000\.yaml"):
            read_verdicts(tmp_path)


@pytest.mark.parametrize("what", FILES)
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_one_message_that_names_it(tmp_path: Path, what: str, damage: str) -> None:
    write, path, read = FILES[what]
    (tmp_path / RUN).parent.mkdir(parents=True, exist_ok=True)
    write(tmp_path)
    assert read(tmp_path)
    (tmp_path / path).write_bytes(DAMAGE[damage]((tmp_path / path).read_bytes()))
    with pytest.raises(InputError, match=path.name.replace(".", r"\.")) as found:
        read(tmp_path)
    assert "Traceback" not in str(found.value)


@pytest.mark.parametrize(
    "text",
    [
        "patch: 1-a-00000000\n",
        "patch: 1-b-00000000\nsays: harmful\n",
        "patch: 1-a-00000000\nsays: [harmful]\n",
        "patch: 1-a-00000000\nsays: harmful\nretrained: 5\n",
        "patch: 1-a-00000000\nsays: harmful\nretrained: {full: abc}\n",
        "patch: 1-a-00000000\nsays: harmful\nitems: [a]\n",
        "patch: 1-a-00000000\nsays: harmful\nitems: {a: b}\n",
    ],
)
def test_a_verdict_of_the_wrong_shape_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / VERDICTS / "1-a-00000000.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(InputError, match=r"benchmarks/verdicts/1-a-00000000\.yaml"):
        read_verdicts(tmp_path)
