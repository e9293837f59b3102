"""params.yaml: typed, strict, and helpful about typing errors."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from proda.errors import ParamsError
from proda.findings import Finding
from proda.params import Params, describe, load_params

ROOT = Path(__file__).resolve().parent.parent


def _load(tmp_path: Path, text: str) -> Params:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    return load_params(path)


def test_the_projects_own_parameters_load() -> None:
    assert load_params(ROOT / "params.yaml").train.seeds == (0, 1, 2)


def test_an_empty_file_gives_every_default(tmp_path: Path) -> None:
    assert _load(tmp_path, "") == Params()


def test_an_unknown_key_is_named_with_the_closest_known_one(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"train\.epoch\n.*'epoch' is not a known key here\. Closest: 'epochs'"):
        _load(tmp_path, "train: {epoch: 3}")


def test_an_address_as_the_base_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"model\.base\n.*expected 'embedded', a folder") as found:
        _load(tmp_path, "model: {base: 'https://ada:s3cret@hub.example.org/model'}")
    assert "s3cret" not in str(found.value)


def test_an_address_with_a_password_is_refused_and_not_repeated(tmp_path: Path) -> None:
    endpoint = "{url: 'http://ada:s3cret@host/v1', base_model: b, tuned_model: 't{seed}'}"
    with pytest.raises(ParamsError, match=r"endpoint\.url\n.*holds a user name") as found:
        _load(tmp_path, f"evaluate: {{backend: endpoint, endpoint: {endpoint}}}")
    assert "s3cret" not in str(found.value)


@pytest.mark.parametrize(
    ("url", "shown"), [("ftp://host/v1", "'ftp://host/v1'"), ("host:80", "'host:80'"), ("ada:s3cret@host", "no address")]
)
def test_what_is_no_address_is_shown_unless_it_may_hold_a_password(tmp_path: Path, url: str, shown: str) -> None:
    endpoint = f"{{url: '{url}', base_model: b, tuned_model: 't{{seed}}'}}"
    with pytest.raises(ParamsError) as found:
        _load(tmp_path, f"evaluate: {{backend: endpoint, endpoint: {endpoint}}}")
    assert f"Got {shown}, expected an address like http://127.0.0.1:8000/v1." in str(found.value)


def test_an_unknown_section_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"'trian' is not a known key here\. Closest: 'train'"):
        _load(tmp_path, "trian: {epochs: 3}")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("train: {epochs: many}", r"train\.epochs"),
        ("train: {epochs: 0}", r"train\.epochs"),
        ("seed: 99999999999999999999999", r"seed\n  Got 99999999999999999999999, expected a number of at most 18 digits\."),
        ("train: {learning_rate: 99999999999999999999999}", r"learning_rate\n  Got 99999999999999999999999, expected a number of at most"),
        ("items: {sealed_share: 1.5}", r"items\.sealed_share"),
        ("train: {method: magic}", r"train\.method"),
        ("train: {seeds: 3}", r"train\.seeds"),
        ("train: {seeds: []}", r"train\.seeds\n.*expected a list of length of at least 1"),
        ("train: {seeds: [0, -1]}", r"train\.seeds"),
        ("train: {seeds: [0, 1, 0]}", r"train\.seeds\n.*twice"),
        ("evaluate: {general: []}", r"evaluate\.general"),
        ("evaluate: {general: [suite, suite]}", r"evaluate\.general\n.*twice"),
        ("evaluate: {general: [../suite]}", r"evaluate\.general"),
        ("evaluate: {backend: endpoint, endpoint: {tuned_model: 't-{seed}'}}", r"evaluate\.endpoint\.base_model\n.*Got nothing"),
        ("evaluate: {backend: endpoint, endpoint: {base_model: b, tuned_model: t}}", r"tuned_model\n.*expected \{seed\} in it"),
        (
            "evaluate: {backend: endpoint, endpoint: {url: 'localhost:80', base_model: b, tuned_model: 't{seed}'}}",
            r"endpoint\.url\n.*Got 'localhost:80', expected an address",
        ),
        ("evaluate: {backend: endpoint, endpoint: {max_cost: 1, base_model: b, tuned_model: 't{seed}'}}", r"max_cost needs prices"),
        ("train: {learning_rate: 1e999}", r"train\.learning_rate"),
        ("samples: {open_share: 0.8, choice_share: 0.3}", r"samples\.open_share"),
        ("model: {hidden_size: 100, heads: 3}", r"model\.hidden_size"),
        ("- a", r"Got a list"),
        ("hello", r"Got text"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(ParamsError, match=where):
        _load(tmp_path, text)


def test_all_faults_are_named_at_once_each_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ParamsError) as refused:
        _load(tmp_path, "seed: x\ntrain:\n  epochs: 0\n  colour: red\nguard: 5\n")
    found = {(f.line, f.path) for f in refused.value.findings if isinstance(f, Finding)}
    assert found == {(1, "seed"), (3, "train.epochs"), (4, "train.colour"), (5, "guard")}


def test_numbers_in_any_notation(tmp_path: Path) -> None:
    assert _load(tmp_path, "train: {learning_rate: 1e-3}").train.learning_rate == 0.001
    assert _load(tmp_path, "train: {learning_rate: 0.5}").train.learning_rate == 0.5


def test_each_value_says_where_it_came_from(tmp_path: Path) -> None:
    params = _load(tmp_path, "guard: {ngram: 6}")
    line = describe(params.guard, "guard", {"guard": {"ngram": 6}})
    assert "ngram=6," in line
    assert "containment=0.7 (default)" in line


def test_settings_of_an_endpoint_that_are_not_set_are_not_printed(tmp_path: Path) -> None:
    local = describe(_load(tmp_path, "seed: 1").evaluate, "evaluate", {"seed": 1})
    assert "endpoint=" not in local and "backend=local (default)" in local
    text = "evaluate: {backend: endpoint, endpoint: {base_model: small, tuned_model: 'tuned-{seed}'}}"
    served = describe(_load(tmp_path, text).evaluate, "evaluate", yaml.safe_load(text))
    assert "endpoint={'base_model': 'small', 'tuned_model': 'tuned-{seed}'}" in served
