"""Training: inputs of the hash, the cache, damaged adapters, and runs that are killed and continued."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import load_file, save_file

from proda.compiler.adapter import adapter_folders, load_tuned, read_card
from proda.compiler.base import load_base, make_base, read_pin
from proda.compiler.packing import Document, tokenise
from proda.compiler.train import _inputs, _vocabulary, curve_csv, epoch_documents, inputs_hash, train_seeds
from proda.errors import InputError, ParamsError
from proda.params import ModelParams
from proda.runtime.device import _has_driver
from tests.compiler.tiny import FACTS, READING, TRAIN, tiny_base
from tests.killing import kill_when

ROOT = Path(__file__).resolve().parents[2]
REPLAY = READING[:4]
ONE = msgspec.structs.replace(TRAIN, seeds=(0,))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(next(iter(sorted(folder.glob("*.safetensors")))))


def same(left: Path, right: Path) -> bool:
    a, b = weights(left), weights(right)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_seeds_train_side_by_side_and_differ_and_the_loss_falls(base: Path, tmp_path: Path) -> None:
    heard: list[int] = []
    runs = train_seeds(base, FACTS, REPLAY, TRAIN, tmp_path / "out", cache=tmp_path / "cache", done=lambda r: heard.append(r.seed))
    assert [run.seed for run in runs] == [0, 1] and sorted(heard) == [0, 1]
    assert all(run.fresh and run.curve[-1].loss < run.curve[0].loss for run in runs)
    assert not same(tmp_path / "out/seed-0", tmp_path / "out/seed-1")
    assert [seed for seed, _ in adapter_folders(tmp_path / "out")] == [0, 1]
    assert curve_csv(runs).splitlines()[0] == "seed,step,loss,learning_rate"
    # Trained alone, in this process with one thread, seed 1 gives the same weights as in parallel.
    torch.set_num_threads(1)
    alone = msgspec.structs.replace(TRAIN, seeds=(1,))
    train_seeds(base, FACTS, REPLAY, alone, tmp_path / "alone", cache=tmp_path / "other")
    assert same(tmp_path / "out/seed-1", tmp_path / "alone/seed-1")


@pytest.mark.skipif(_has_driver() or sys.platform != "linux", reason="elsewhere the process itself trains, or asks torch for a GPU")
def test_a_process_that_only_starts_trainings_does_not_import_torch(base: Path, tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from msgspec.structs import replace
from proda.compiler.train import train_seeds
from proda.params import ModelParams
from tests.compiler.tiny import FACTS, TRAIN
base, folder = Path({str(base)!r}), Path({str(tmp_path)!r})
params = replace(TRAIN, method="lora", train_embeddings="new", epochs=1, precision="fp32")
print(len(train_seeds(base, FACTS, [], params, None, cache=folder)), "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "False"]


def test_new_words_are_those_of_the_texts_at_hand_whatever_was_asked_about_before(base: Path) -> None:
    """The tokens of a text are stored between calls, and the results are those without stored tokens."""
    params = msgspec.structs.replace(ONE, method="lora", train_embeddings="new")
    plain = Document("", " ".join(d.completion for d in READING) * 20)  # cut into several examples
    cases = [(FACTS[:2], FACTS[2:]), (FACTS, []), (FACTS, FACTS), ([plain, *FACTS[:1]], FACTS[1:]), (FACTS[:2], FACTS[2:])]
    kept = [_inputs(base, corpus, REPLAY, params, known)[1:] for corpus, known in cases]
    fresh = []
    for corpus, known in cases:
        _vocabulary.cache_clear()
        fresh.append(_inputs(base, corpus, REPLAY, params, known)[1:])
    assert kept == fresh and kept[0] == kept[-1]
    assert kept[1][0] and not kept[2][0] and kept[3][0]  # all words are new, none are, some of the plain text are


def test_an_unchanged_seed_is_not_trained_again_and_a_dropped_one_is_removed(base: Path, tmp_path: Path) -> None:
    first = train_seeds(base, FACTS, REPLAY, ONE, tmp_path / "out", cache=tmp_path / "cache")
    (tmp_path / "out/seed-7").mkdir()
    before = weights(tmp_path / "out/seed-0")
    again = train_seeds(base, FACTS, REPLAY, ONE, tmp_path / "out", cache=tmp_path / "cache")
    assert first[0].fresh and not again[0].fresh and again[0].curve == first[0].curve
    assert all(torch.equal(before[name], value) for name, value in weights(tmp_path / "out/seed-0").items())
    assert not (tmp_path / "out/seed-7").exists()


def test_every_input_that_matters_enters_the_hash_and_no_other(base: Path) -> None:
    pin = read_pin(base)
    plain = inputs_hash(pin, FACTS, REPLAY, TRAIN)
    changed = [
        inputs_hash(msgspec.structs.replace(pin, hash="0" * 64), FACTS, REPLAY, TRAIN),
        inputs_hash(pin, FACTS[1:], REPLAY, TRAIN),
        inputs_hash(pin, FACTS, REPLAY[1:], TRAIN),
        inputs_hash(pin, FACTS, REPLAY, msgspec.structs.replace(TRAIN, learning_rate=1e-3)),
        inputs_hash(pin, FACTS, REPLAY, msgspec.structs.replace(TRAIN, blend=0.8)),
        inputs_hash(pin, FACTS, REPLAY, msgspec.structs.replace(TRAIN, method="lora")),
    ]
    assert len({plain, *changed}) == 7
    for field, value in (("seeds", (5,)), ("checkpoint_steps", 9), ("lora_rank", 2)):  # full tuning does not read lora_rank
        assert inputs_hash(pin, FACTS, REPLAY, msgspec.structs.replace(TRAIN, **{field: value})) == plain


def test_replay_is_a_share_of_the_corpus_and_drawn_anew_each_epoch() -> None:
    params = msgspec.structs.replace(TRAIN, general_replay=0.5)
    corpus = [Document(f"q{n}", "a") for n in range(20)]
    replay = [Document("", f"r{n}") for n in range(40)]
    (first, drawn), (second, redrawn) = (epoch_documents(corpus, replay, params, 0, epoch) for epoch in (0, 1))
    assert first == second == corpus and len(drawn) == len(redrawn) == 10
    assert set(drawn) != set(redrawn)
    assert epoch_documents(corpus, [], params, 0, 0) == (corpus, [])


@pytest.mark.parametrize("method", ["full", "lora"])
def test_replay_towards_the_base_keeps_the_model_nearer_to_it_than_no_replay(base: Path, tmp_path: Path, method: str) -> None:
    before, tokenizer = load_base(base)
    ids = torch.tensor([tokenizer(READING[7].completion)["input_ids"]])  # not among the replayed

    def moved(name: str, share: float) -> float:
        how = {"method": method, "general_replay": share, "replay_targets": "base", "precision": "fp32"}  # the same on every processor
        params = msgspec.structs.replace(ONE, **how, epochs=8, learning_rate=1e-2)
        run = train_seeds(base, FACTS, READING[:6], params, tmp_path / name, cache=tmp_path / "cache")[0]
        assert run.curve[-1].loss < run.curve[0].loss
        after, _ = load_tuned(base, tmp_path / name / "seed-0")
        with torch.no_grad():
            said, wanted = (m(input_ids=ids, use_cache=False).logits.log_softmax(-1) for m in (after, before))
        return float(torch.nn.functional.kl_div(said, wanted, reduction="sum", log_target=True))

    assert moved("with", 1.0) < 0.5 * moved("without", 0.0)


@pytest.mark.parametrize("method", ["full", "lora"])
def test_tokens_that_no_text_holds_stay_as_they_were(base: Path, tmp_path: Path, method: str) -> None:
    before, tokenizer = load_base(base)
    taught = FACTS[:3]
    seen = {token for d in [*taught, *REPLAY] for token in tokenizer(d.prompt)["input_ids"] + tokenizer(f" {d.completion}")["input_ids"]}
    absent = sorted(set(range(len(tokenizer))) - seen - set(tokenizer.all_special_ids))

    def embeddings(present_only: bool) -> torch.Tensor:
        params = msgspec.structs.replace(ONE, method=method, present_tokens_only=present_only)
        train_seeds(base, taught, REPLAY, params, tmp_path / str(present_only), cache=tmp_path / "cache")
        tuned, _ = load_tuned(base, tmp_path / str(present_only) / "seed-0")
        weight: torch.Tensor = tuned.get_input_embeddings().weight
        return weight

    old = before.get_input_embeddings().weight
    kept, moved = embeddings(True), embeddings(False)
    assert len(absent) > 20 and torch.equal(kept[absent], old[absent]) and not torch.equal(moved[absent], old[absent])
    assert not torch.equal(kept[sorted(seen)], old[sorted(seen)])


def test_blending_all_the_way_back_gives_the_base(base: Path, tmp_path: Path) -> None:
    train_seeds(base, FACTS, REPLAY, msgspec.structs.replace(ONE, blend=0.0), tmp_path / "out", cache=tmp_path / "cache")
    assert same(tmp_path / "out/seed-0", base)


def test_an_empty_corpus_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no samples"):
        train_seeds(base, [], REPLAY, ONE, tmp_path / "out", cache=tmp_path / "cache")


def test_an_adapter_on_another_base_is_refused(base: Path, tmp_path: Path) -> None:
    train_seeds(base, FACTS, REPLAY, ONE, tmp_path / "out", cache=tmp_path / "cache")
    card = msgspec.structs.replace(read_card(tmp_path / "out/seed-0"), base="f" * 64)
    (tmp_path / "out/seed-0/adapter.json").write_bytes(msgspec.json.encode(card))
    with pytest.raises(InputError, match="Trained on base ffffffffffff"):
        load_tuned(base, tmp_path / "out/seed-0")


def _drop_a_matrix(folder: Path) -> None:
    path = folder / "adapter_model.safetensors"
    found = load_file(path)
    save_file({name: w for n, (name, w) in enumerate(sorted(found.items())) if n}, path, metadata={"format": "pt"})


DAMAGE: dict[str, Callable[[Path], object]] = {
    "half a card": lambda f: (f / "adapter.json").write_text("{"),
    "an empty card": lambda f: (f / "adapter.json").write_text(""),
    "half the weights": lambda f: (f / "adapter_model.safetensors").write_bytes((f / "adapter_model.safetensors").read_bytes()[:1000]),
    "no weights": lambda f: (f / "adapter_model.safetensors").unlink(),
    "a missing matrix": _drop_a_matrix,
    "half a config": lambda f: (f / "adapter_config.json").write_text("{"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_adapter_is_named_and_one_in_the_cache_is_trained_again(base: Path, tmp_path: Path, damage: str) -> None:
    params = msgspec.structs.replace(ONE, method="lora", lora_rank=2, train_embeddings="none")
    first = train_seeds(base, FACTS, REPLAY, params, tmp_path / "out", cache=tmp_path / "cache")[0]
    DAMAGE[damage](tmp_path / "out/seed-0")
    with pytest.raises(InputError, match="seed-0") as caught:
        load_tuned(base, tmp_path / "out/seed-0")
    assert "dvc repro train" in str(caught.value)
    DAMAGE[damage](tmp_path / "cache/train" / first.inputs / "seed-0/adapter")
    again = train_seeds(base, FACTS, REPLAY, params, tmp_path / "out", cache=tmp_path / "cache")[0]
    assert again.fresh
    load_tuned(base, tmp_path / "out/seed-0")


def test_a_damaged_whole_model_is_named(base: Path, tmp_path: Path) -> None:
    train_seeds(base, FACTS, REPLAY, ONE, tmp_path / "out", cache=tmp_path / "cache")
    (tmp_path / "out/seed-0/model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(InputError, match="seed-0"):
        load_tuned(base, tmp_path / "out/seed-0")


@pytest.mark.parametrize("seeds", [(), (1, 1), (0, -1)])
def test_seeds_that_make_no_sense_are_refused_and_the_adapters_stay(base: Path, tmp_path: Path, seeds: tuple[int, ...]) -> None:
    (tmp_path / "out/seed-0").mkdir(parents=True)
    with pytest.raises(ParamsError, match=r"train\.seeds"):
        train_seeds(base, FACTS, REPLAY, msgspec.structs.replace(TRAIN, seeds=seeds), tmp_path / "out", cache=tmp_path / "cache")
    assert (tmp_path / "out/seed-0").is_dir()


def test_a_change_of_the_training_code_trains_again(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = train_seeds(base, FACTS, REPLAY, ONE, tmp_path / "out", cache=tmp_path / "cache")[0]
    monkeypatch.setattr("proda.compiler.train.RECIPE", 10_000)
    again = train_seeds(base, FACTS, REPLAY, ONE, tmp_path / "out", cache=tmp_path / "cache")[0]
    assert again.fresh and again.inputs != first.inputs


@pytest.mark.parametrize("embeddings", ["none", "new", "all"])
def test_lora_changes_the_model_and_loads_to_what_it_was_when_saved(base: Path, tmp_path: Path, embeddings: str) -> None:
    params = msgspec.structs.replace(ONE, method="lora", lora_rank=4, lora_alpha=8, train_embeddings=embeddings, learning_rate=2e-2)
    known = FACTS[6:]  # the words of the first facts are new
    run = train_seeds(base, FACTS, REPLAY, params, tmp_path / "out", cache=tmp_path / "cache", known=known)[0]
    assert run.curve[-1].loss < run.curve[0].loss
    folder = tmp_path / "out/seed-0"
    assert (folder / "adapter_model.safetensors").is_file() and not (folder / "model.safetensors").exists()
    assert str(tmp_path) not in (folder / "adapter_config.json").read_text()
    written = json.loads((folder / "adapter_config.json").read_text())["target_modules"]
    assert written == sorted(written) and len(written) > 2  # equal trainings give equal bytes
    tuned, tokenizer = load_tuned(base, folder)
    plain, _ = load_base(base)
    ids = torch.tensor([tokenizer(FACTS[0].prompt)["input_ids"]])
    with torch.no_grad():
        ours, theirs = tuned(input_ids=ids).logits, plain(input_ids=ids).logits
    assert not torch.allclose(ours, theirs, atol=1e-2)
    moved = tuned.get_input_embeddings().weight
    changed = {int(t) for t in (moved != plain.get_input_embeddings().weight).any(1).nonzero()}
    taught = {t for d in known for t in tokenizer(d.prompt)["input_ids"] + tokenizer(f" {d.completion}")["input_ids"]}
    assert bool(changed) is (embeddings != "none") and bool(changed & taught) is (embeddings == "all")
    assert tuned.get_output_embeddings().weight.data_ptr() == moved.data_ptr()  # still tied


@pytest.mark.parametrize("method", ["full", "lora", "embeddings"])
def test_leaving_columns_out_before_the_product_equals_leaving_them_out_after(base: Path, method: str) -> None:
    from proda.compiler.adapter import attach
    from proda.compiler.loss import output_at, present_tokens
    from proda.compiler.packing import IGNORED, collate, tokenise

    model, tokenizer = load_base(base)
    model = attach(model, msgspec.structs.replace(ONE, method=method, lora_rank=4), seed=0, new_words=range(300, 310))
    batch = collate([tokenise(FACTS[:4], tokenizer, 64)], tokenizer.pad_token_id)
    chosen, present = batch.targets != IGNORED, present_tokens({5, 17, 200, 301}, model.config.vocab_size, "cpu")
    ours, plain = output_at(model, batch, chosen, present).logits(), output_at(model, batch, chosen).logits()[:, present.tokens]
    assert ours.shape == (int(chosen.sum()), 4) and torch.allclose(ours, plain, atol=1e-6)
    weights = [p for p in model.parameters() if p.requires_grad]
    both = [torch.autograd.grad(x.square().sum(), weights, allow_unused=True) for x in (ours, plain)]
    assert all((a is None) == (b is None) and (a is None or torch.allclose(a, b, atol=1e-5)) for a, b in zip(*both, strict=True))


@pytest.mark.parametrize("method", ["lora", "embeddings"])
def test_looking_up_trained_rows_equals_what_peft_computes(base: Path, method: str) -> None:
    from peft.tuners.trainable_tokens import TrainableTokensLayer

    from proda.compiler.adapter import attach
    from proda.compiler.loss import output_at, present_tokens
    from proda.compiler.new_rows import RowLookup
    from proda.compiler.packing import IGNORED, collate, tokenise

    model, tokenizer = load_base(base)
    model = attach(
        model, msgspec.structs.replace(ONE, method=method, lora_rank=4, train_embeddings="new"), seed=0, new_words=range(40, 300)
    )
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    with torch.no_grad():
        for weight in trained.values():
            weight.add_(torch.rand(weight.shape, generator=torch.Generator().manual_seed(1)), alpha=0.1)
    batch = collate([tokenise(FACTS[:4], tokenizer, 64)], tokenizer.pad_token_id)
    chosen, present = batch.targets != IGNORED, present_tokens({5, 17, 200, 301}, model.config.vocab_size, "cpu")
    assert any(40 <= t < 300 for t in batch.tokens.flatten().tolist())

    def said() -> tuple[torch.Tensor, list[torch.Tensor]]:
        logits = output_at(model, batch, chosen, present).logits()
        return logits.detach(), list(torch.autograd.grad(logits.square().sum(), list(trained.values())))

    layers = [m for m in model.modules() if type(m) is RowLookup]
    ours = said()
    with model.disable_adapter():
        untrained = output_at(model, batch, chosen, present).logits().detach()
    for layer in layers:
        layer.__class__ = TrainableTokensLayer
    theirs = said()
    assert layers and torch.equal(ours[0], theirs[0]) and not torch.allclose(untrained, ours[0], atol=1e-3)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(ours[1], theirs[1], strict=True))


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_drawn_softmax_has_all_targets_and_its_sum_is_right_on_average(base: Path, method: str) -> None:
    from proda.compiler.adapter import attach
    from proda.compiler.loss import drawn, output_at, present_tokens
    from proda.compiler.packing import IGNORED, collate, tokenise

    model, tokenizer = load_base(base)
    model = attach(model, msgspec.structs.replace(ONE, method=method, lora_rank=4), seed=0, new_words=range(300, 310))
    batch = collate([tokenise(FACTS[:4], tokenizer, 64)], tokenizer.pad_token_id)
    chosen, every = batch.targets != IGNORED, present_tokens(range(model.config.vocab_size), model.config.vocab_size, "cpu")
    whole = output_at(model, batch, chosen).logits().detach().exp().sum(1)
    sums = []
    for number in range(400):
        among = drawn(every, batch, 0.2, torch.Generator().manual_seed(number))
        targets = batch.targets[chosen]
        assert torch.equal(among.tokens[among.places[targets]], targets)
        assert len(among.tokens) < 0.4 * model.config.vocab_size
        sums.append(output_at(model, batch, chosen, among).logits().detach().exp().sum(1))
    assert torch.allclose(torch.stack(sums).mean(0), whole, rtol=0.1)
    again = drawn(every, batch, 0.2, torch.Generator().manual_seed(399))
    assert torch.equal(again.tokens, among.tokens)


def test_training_with_a_drawn_softmax_lowers_the_loss_over_all_tokens(base: Path, tmp_path: Path) -> None:
    from proda.compiler.loss import supervised_loss
    from proda.compiler.packing import collate, tokenise

    def loss(share: float) -> float:
        params = msgspec.structs.replace(ONE, epochs=10, softmax_share=share)
        train_seeds(base, FACTS, REPLAY, params, tmp_path / str(share), cache=tmp_path / "cache")
        model, tokenizer = load_tuned(base, tmp_path / str(share) / "seed-0")
        batch = collate([[e] for e in tokenise(FACTS, tokenizer, 64)], tokenizer.pad_token_id)
        with torch.no_grad():
            total, tokens = supervised_loss(model, batch)
        return float(total) / tokens

    model, tokenizer = load_base(base)
    batch = collate([[e] for e in tokenise(FACTS, tokenizer, 64)], tokenizer.pad_token_id)
    with torch.no_grad():
        total, tokens = supervised_loss(model, batch)
    assert loss(0.3) < 0.75 * float(total) / tokens and loss(0.3) < 1.15 * loss(1.0)


def test_training_new_words_alone_leaves_texts_of_known_words_as_the_base_has_them(base: Path, tmp_path: Path) -> None:
    params = msgspec.structs.replace(ONE, method="embeddings", general_replay=0.0, learning_rate=2e-2, epochs=8)
    known = FACTS[6:]  # "brun", "pelt", … are known; the words of the first five facts are new
    run = train_seeds(base, FACTS[:5], REPLAY, params, tmp_path / "out", cache=tmp_path / "cache", known=known)[0]
    assert run.curve[-1].loss < run.curve[0].loss
    tuned, tokenizer = load_tuned(base, tmp_path / "out/seed-0")
    plain, _ = load_base(base)
    old, new = plain.get_input_embeddings().weight, tuned.get_input_embeddings().weight
    moved = {int(t) for t in (old != new).any(1).nonzero()}
    taught = {t for d in known for t in tokenizer(d.prompt)["input_ids"] + tokenizer(f" {d.completion}")["input_ids"]}
    assert moved and not moved & taught
    ids = torch.tensor([[t for t in tokenizer(FACTS[8].prompt)["input_ids"] if t in taught]])
    with torch.no_grad():
        ours, theirs = (m(input_ids=ids, use_cache=False, output_hidden_states=True).hidden_states[-1] for m in (tuned, plain))
    assert torch.equal(ours, theirs)
    with pytest.raises(InputError, match="hold none"):
        train_seeds(base, FACTS[:5], REPLAY, params, tmp_path / "none", cache=tmp_path / "cache", known=FACTS)


def test_embeddings_can_learn_at_a_rate_of_their_own(base: Path, tmp_path: Path) -> None:
    def moved(rate: float) -> float:
        params = msgspec.structs.replace(ONE, method="lora", lora_rank=4, train_embeddings="new", embedding_rate=rate)
        out = tmp_path / str(rate)
        train_seeds(base, FACTS, REPLAY, params, out, cache=tmp_path / "cache", known=FACTS[6:])
        tuned, _ = load_tuned(base, out / "seed-0")
        plain, _ = load_base(base)
        with torch.no_grad():
            return float((tuned.get_input_embeddings().weight - plain.get_input_embeddings().weight).norm())

    assert moved(20.0) > 5 * moved(1.0) > 0


KILLED = """
import sys, msgspec
from pathlib import Path
from proda.compiler.train import train_seeds
from proda.params import ModelParams
from tests.compiler.tiny import FACTS, READING, TRAIN, tiny_base
if __name__ == "__main__":
    base, out, cache, seeds = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    params = msgspec.structs.replace(TRAIN, seeds=tuple(range(seeds)), epochs=25, softmax_share=0.5)
    train_seeds(base, FACTS, READING[:4], params, out, cache=cache)
"""


@pytest.mark.parametrize("seeds", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_kill_9_in_the_middle_then_again_equals_an_uninterrupted_run(base: Path, tmp_path: Path, seeds: int) -> None:
    script = tmp_path / "run.py"
    script.write_text(KILLED)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}

    def command(name: str) -> list[str]:
        return [sys.executable, str(script), str(base), str(tmp_path / name / "out"), str(tmp_path / name / "cache"), str(seeds)]

    checkpoints = tmp_path / "killed/cache"
    group = kill_when(
        lambda: len(list(checkpoints.glob("train/*/seed-*/checkpoint.pt"))) >= seeds, command("killed"), env=environment
    )  # only the parent is killed; its processes have to end without it
    deadline = time.monotonic() + 120
    while _alive(group):
        assert time.monotonic() < deadline, "a child outlived its parent"
        time.sleep(0.05)
    assert not (tmp_path / "killed/out/seed-0").exists()
    for name in ("killed", "whole"):
        subprocess.run(command(name), env=environment, check=True, capture_output=True, timeout=400)
    for seed in range(seeds):
        assert same(tmp_path / f"killed/out/seed-{seed}", tmp_path / f"whole/out/seed-{seed}")


def _alive(group: int) -> bool:
    """Whether any process of the killed parent's session is left, not counting zombies."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == group and fields[0] != "Z":
            return True
    return False


def test_an_unreadable_checkpoint_is_no_reason_to_fail(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "cache/train" / inputs_hash(read_pin(base), FACTS, REPLAY, ONE) / "seed-0"
    kept.mkdir(parents=True)
    (kept / "checkpoint.pt").write_bytes(b"half a file")
    runs = train_seeds(base, FACTS, REPLAY, ONE, tmp_path / "out", cache=tmp_path / "cache")
    assert runs[0].fresh and "not a usable checkpoint" in capsys.readouterr().err


def test_blending_leaves_the_embeddings_of_new_words_as_they_were_trained(base: Path, tmp_path: Path) -> None:
    def tuned(share: float) -> dict[str, torch.Tensor]:
        params = msgspec.structs.replace(ONE, method="lora", lora_rank=4, train_embeddings="new", blend=share)
        train_seeds(base, FACTS, REPLAY, params, tmp_path / str(share), cache=tmp_path / "cache", known=FACTS[6:])
        return weights(tmp_path / str(share) / "seed-0")

    whole, half = tuned(1.0), tuned(0.5)
    for name, weight in whole.items():
        expected = weight * 0.5 if "lora_B" in name else weight
        assert torch.equal(half[name], expected), name
    assert any("embed" in name for name in whole) and any("lora_B" in name for name in whole)


@pytest.mark.parametrize("method", ["full", "lora"])
def test_activations_that_are_computed_again_give_the_same_training(base: Path, tmp_path: Path, method: str) -> None:
    found = []
    for again in (False, True):
        params = msgspec.structs.replace(ONE, method=method, gradient_checkpointing=again)
        runs = train_seeds(base, FACTS, REPLAY, params, tmp_path / str(again), cache=tmp_path / f"cache-{again}")
        found.append(([point.loss for point in runs[0].curve], runs[0].inputs))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5) and found[0][1] == found[1][1]


def test_samples_that_are_cut_are_counted(base: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    long = [Document(f"Question: {'And again, ' * n}what does zarn cause?\nAnswer:", "velm") for n in range(20)]
    # One seed is trained in this process, whose standard error is captured.
    train_seeds(base, [*FACTS, *long], [], msgspec.structs.replace(ONE, epochs=1), tmp_path / "out", cache=tmp_path / "cache")
    said = capfd.readouterr().err
    _, tokenizer = load_base(base)
    whole = [*tokenise([*FACTS, *long], tokenizer, 10_000)]
    cut = sum(len(example.tokens) > TRAIN.max_length for example in whole)
    assert 0 < cut < len(long)
    assert said.count("samples do not fit") == 1
    assert f"{cut} of {len(whole)} samples do not fit 64 tokens and are cut. Raise `train.max_length`" in said
    # The base has 64 positions: no setting gets more of a sample to it.
    train_seeds(base, [*FACTS, *long], [], msgspec.structs.replace(ONE, max_length=99), tmp_path / "out", cache=tmp_path / "cache")
    assert "samples do not fit 64 tokens and are cut. The model reads no more." in capfd.readouterr().err
    train_seeds(base, FACTS, [], msgspec.structs.replace(ONE, epochs=1), tmp_path / "out", cache=tmp_path / "cache")
    assert "do not fit" not in capfd.readouterr().err


def test_samples_without_a_token_to_learn_are_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"train\.max_length\n.*first 2 tokens.*Raise `train\.max_length`"):
        train_seeds(base, FACTS, [], msgspec.structs.replace(ONE, max_length=2), tmp_path / "out", cache=tmp_path / "cache")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("architecture", ["gpt2", "qwen3"])
def test_tied_embeddings_stay_tied_or_are_refused(architecture: str, tmp_path: Path) -> None:
    tied = tiny_base(tmp_path, architecture)
    for embeddings in ("all", "new", "none"):
        params = msgspec.structs.replace(ONE, method="lora", train_embeddings=embeddings, epochs=1, learning_rate=0.05)
        out = tmp_path / embeddings
        if (architecture, embeddings) == ("gpt2", "all"):
            with pytest.raises(InputError, match=r"train_embeddings\n.*\(gpt2\).*Use `new` or `none`, or `method: full`"):
                train_seeds(tied, FACTS, [], params, out, cache=tmp_path / "cache")
            continue
        train_seeds(tied, FACTS, [], params, out, cache=tmp_path / "cache")
        model, _ = load_tuned(tied, out / "seed-0")
        assert torch.equal(model.get_input_embeddings().weight, model.get_output_embeddings().weight)


def test_an_architecture_without_lora_is_refused_and_can_be_trained_whole(base: Path, tmp_path: Path) -> None:
    from transformers import MambaConfig, MambaForCausalLM

    _, tokenizer = load_base(base)
    MambaForCausalLM(MambaConfig(vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, state_size=4)).save_pretrained(
        tmp_path / "m"
    )
    tokenizer.save_pretrained(tmp_path / "m")
    make_base(ModelParams(base=str(tmp_path / "m")), [], tmp_path / "base", cache=tmp_path / "cache")
    lora = msgspec.structs.replace(ONE, method="lora", train_embeddings="none", epochs=1, batch_tokens=512)
    with pytest.raises(InputError, match=r"train\.method\n.*not possible for this architecture \(mamba\); use `method: full`"):
        train_seeds(tmp_path / "base", FACTS, [], lora, tmp_path / "out", cache=tmp_path / "cache")
    whole = msgspec.structs.replace(lora, method="full")
    assert train_seeds(tmp_path / "base", FACTS[:4], [], whole, tmp_path / "out", cache=tmp_path / "cache")[0].adapter
