"""A prompt file gives its version, its text and its examples; a broken one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from proda.calls.task_prompts import load_task_prompt
from proda.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
TASK, REPLY = '{"names": {"a brindle bloom": []}, "options": ["the ash"]}', '{"a": ["x", {"b": "y"}], "n": 1}'
EXAMPLE = f"## Example\n\n```task\n{TASK}\n```\n\n```json\n{REPLY}\n```\n"


def put(folder: Path, text: str) -> Path:
    path = folder / "colour.md"
    path.write_text(text)
    return path


def test_version_text_examples_and_invented_names_are_read(tmp_path: Path) -> None:
    prompt = load_task_prompt(put(tmp_path, f"prompt: colour@12\n\nName colours.\n\n{EXAMPLE}\n{EXAMPLE}"))
    assert prompt.id == "colour@12" and prompt.text.startswith("Name colours.") and "prompt:" not in prompt.text
    assert len(prompt.examples) == 2 and prompt.reply_texts() == ("x", "y", "x", "y")
    assert prompt.invented("names", "options") == ("ash", "brindle bloom")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Name colours.\n", "prompt: colour@VERSION"),
        ("prompt: color@1\n", "prompt: colour@VERSION"),
        ("prompt: colour@one\n", "prompt: colour@VERSION"),
        (f"prompt: colour@1\n\n{EXAMPLE.replace('```task', '```tusk')}", "An example is broken"),
        (f"prompt: colour@1\n\n{EXAMPLE.replace('[]', '[')}", "An example is broken"),
        (f"prompt: colour@1\n\n{EXAMPLE.replace(': 1}', ':}')}", "An example is broken"),
    ],
)
def test_a_broken_prompt_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        load_task_prompt(put(tmp_path, text))


def test_the_prompts_of_the_tester_and_the_builder_are_shipped_with_the_package() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    for room in ("tester", "builder"):
        assert f'"proda.{room}" = ["prompts/*.md"]' in text
        for path in (ROOT / f"proda/{room}/prompts").glob("*.md"):
            assert load_task_prompt(path).examples
