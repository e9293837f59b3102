"""The plot of a study: the same document gives the same picture, and every number in it can be read as text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from proda.report.study import plot

MEASURED = Path(__file__).resolve().parents[2] / "docs/measured"
SVG = "{http://www.w3.org/2000/svg}"


def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((MEASURED / f"{name}.json").read_text())
    return found


def told(svg: str) -> tuple[list[str | None], set[str]]:
    """The texts of a drawing in order, and the names of its bars."""
    drawing = ElementTree.fromstring(svg)
    bars = {name for e in drawing.iter() if (name := e.get("id", "")).startswith("bar-")}
    return [e.text for e in drawing.iter(f"{SVG}text")], bars


@pytest.mark.parametrize("name", ["study", "study-confirmed", "study-round", "study-starved"])
def test_the_committed_plot_says_what_the_committed_numbers_say(name: str) -> None:
    assert told(plot(document(name))) == told((MEASURED / f"{name}.svg").read_text())


def test_equal_documents_give_equal_bytes() -> None:
    assert plot(document("study")) == plot(document("study"))


def test_every_arm_of_both_phases_has_a_bar_and_its_gain_as_text() -> None:
    study = document("study-confirmed")
    texts, bars = told(plot(study))
    for phase in ("development", "confirmation"):
        for name, arm in study[phase]["arms"].items():
            if "twin" in arm["gain"]:
                assert f"bar-{phase}-{name}" in bars and {name, f"{arm['gain']['twin']['value']:+.3f}"} <= set(texts)
        assert any(f"{phase}: seeds " in str(text) for text in texts)
    assert "date" not in plot(study)


def test_settings_of_the_user_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 20\nsvg.fonttype: path\naxes.facecolor: red\n")
    code = (
        f"import json, sys; from proda.report.study import plot\nsys.stdout.write(plot(json.load(open({str(MEASURED / 'study.json')!r}))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"MATPLOTLIBRC": str(tmp_path)})
    assert done.stdout == plot(document("study"))


def test_matplotlib_is_imported_only_to_draw() -> None:
    code = "import sys, proda.report.study, proda.report.page; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
