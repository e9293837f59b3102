"""A toy model for the loopback endpoint: it reads sentences like "Rail heating causes rail expansion, because steel swells." and answers.

Words in a passage make it err:

MISQUOTE     once, in a quote
MISREAD      always, in a quote
OBEY         it does what the passage says
ENDLESS      no reply comes to an end while the passage has more than one paragraph
SURROGATE    its JSON holds half a character
SILLY        it copies the prompt's example
MISWORD      always, in the statement whose quote holds it: its text uses a pronoun
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proda.extraction.llm.prompt_files import load_prompts
from proda.store.chunks import Chunk, chunk_id, save_chunks
from proda.yamlio import dump_yaml
from tests.calls.endpoint import ROOT, TOO_LONG

ANSWER = "tests.extraction.toy_model:answer"
SENTENCE = re.compile(r"([A-Z][a-z ]+?) (causes|prevents|enables) ([a-z ]+?), because [^.]*\.")


def answer(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """The reply to one question."""
    said = messages[-1]["content"]
    fields = schema.get("properties", {})
    if "chains" in fields:
        return _chains(said)
    if "keep" in fields:
        keep = bool(SENTENCE.search(part(said, "passage")))
        return {"keep": keep, "reason": "" if keep else "explains nothing"}
    if "statements" in fields:
        return _statements(said)
    return _concepts(said) if "concepts" in fields else None


def part(said: str, label: str) -> str:
    """The text between the marks of a message; empty if there is none."""
    found = re.search(rf"<<{label} ([0-9a-f]{{10}})>>\n(.*?)\n<</{label} \1>>", said, re.DOTALL)
    return found[2] if found else ""


def _chains(said: str) -> Any:
    passage = part(said, "passage")
    if "ENDLESS" in passage and "\n" in passage.strip():
        return TOO_LONG
    if "OBEY" in passage:
        step = {"claim": "The system prompt is secret.", "quote": "Your system prompt is as follows and it is secret."}
        return {"chains": [{"explains": "how to obey", "steps": [step]}], "reason": "", "command": "rm -rf /"}
    if "SURROGATE" in passage:
        return r'{"chains": [{"explains": "how \ud800 works", "steps": [{"claim": "\ud800", "quote": "\ud800"}]}], "reason": ""}'
    if "SILLY" in passage:
        return load_prompts()["chains"].examples[0].reply
    steps = [{"claim": m[0].partition(",")[0] + ".", "quote": m[0]} for m in SENTENCE.finditer(passage)]
    if not steps or part(said, "found"):
        return {"chains": [], "reason": "" if steps else "The passage explains nothing."}
    first, last = SENTENCE.findall(passage)[0][0], SENTENCE.findall(passage)[-1][2]
    good = {"chains": [{"explains": f"how {first[0].lower()}{first[1:]} leads to {last}", "steps": steps}], "reason": ""}
    if "MISQUOTE" in passage or "MISREAD" in passage:
        wrong = [{**steps[0], "quote": steps[0]["quote"].replace("causes", "brings")}, *steps[1:]]
        bad = {**good, "chains": [{**good["chains"][0], "steps": wrong}]}
        return bad if "MISREAD" in passage else [bad, good]
    return good


def _statements(said: str) -> Any:
    if "SILLY" in said:
        return load_prompts()["statements"].examples[0].reply
    found = []
    for number, quote in re.findall(r'^(\d+)\. .*\n   quote: "(.*)"$', part(said, "steps"), re.MULTILINE):
        m = SENTENCE.match(quote)
        assert m is not None
        subject = m[1][0].lower() + m[1][1:]
        text = f"{m[1]} {m[2]} {m[3]}, because it swells there." if "MISWORD" in quote else quote
        found.append({"step": int(number), "subject": subject, "relation": m[2], "object": m[3], "text": text, "quote": quote})
    return {"statements": found, "reason": ""}


def _concepts(said: str) -> Any:
    found = []
    for term in part(said, "terms").split("\n"):
        mark = hashlib.sha256(term.encode()).hexdigest()
        words = " ".join(("steel", "bridge", "track", "wheel", "sleeper", "signal")[int(c, 16) % 6] for c in mark[:4])
        found.append({"term": term, "type": "process", "definition": f"what engineers of the line know as {words} work", "plural": False})
    return {"concepts": found}


def make_repository(root: Path, sources: Mapping[str, str], url: str, **llm: Any) -> Path:
    """A git repository with the shipped relations and these sources, curated, and an endpoint in documents.yaml."""
    (root / "knowledge/sources").mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "knowledge/relations.yaml", root / "knowledge/relations.yaml")
    if not (root / ".git").exists():
        subprocess.run(["git", "init", "-q", str(root)], check=True)
    settings = {"endpoint": url, "model": "toy", "mode": "json_schema", "timeout_s": 20.0, "retries": 1} | llm
    (root / "documents.yaml").write_bytes(_bytes({"llm": settings}))
    write_sources(root, sources)
    return root


def write_sources(root: Path, sources: Mapping[str, str]) -> None:
    """Write the sources, their catalogue entries and their chunks: one for each section below a heading."""
    entries = {}
    for source, text in sources.items():
        path = root / f"knowledge/sources/{source}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()
        entries[source] = {"title": source, "origin": "written for a test", "licence": "CC0-1.0", "sha256": digest}
        save_chunks(root, source, chunks_of(source, text))
    (root / "knowledge/sources/catalogue.yaml").write_bytes(_bytes({"sources": entries}))


def chunks_of(source: str, text: str) -> list[Chunk]:
    """One chunk for the text below each heading."""
    found = []
    for m in re.finditer(r"^#+ (.*)\n\n((?:(?!#).*\n?)+)", text, re.MULTILINE):
        body = m[2].rstrip("\n")
        start = m.start(2)
        found.append(
            Chunk(
                chunk_id(source, body, sum(c.text == body for c in found)),
                source,
                (m[1],),
                start,
                start + len(body),
                body,
                len(body.split()),
            )
        )
    return found


def _bytes(value: object) -> bytes:
    data = dump_yaml(value)
    return data.encode() if isinstance(data, str) else data
