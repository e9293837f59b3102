"""Score the rules backend on textbook sections whose *Key Terms* are hidden from it.

    python -m scripts.key_terms                                # recall and agreement by discipline, on $PRODA_CORPUS
    python -m scripts.key_terms --sample 100 --seed b          # also print 100 statements, drawn by hash, beside their sentences

The corpus is a folder of Markdown sections, `<discipline>/<book>/<section>.md`, with front matter; a section may end with `## Key Terms`
(or `### Glossary`), a list of `- **term**: definition`. Every section is one source; its paragraphs are the chunks. Words per second count
the whole of reading, merging of names and linking, on one core.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from proda.extraction.assemble import assemble
from proda.extraction.rules.casing import Casing
from proda.extraction.rules.read import read_chunk, table_of
from proda.extraction.score import GlossaryScore, scored
from proda.extraction.settled import Settled, SourceReading
from proda.store.chunks import Chunk, chunk_id
from proda.store.proposals import Proposals, ProposedStatement
from proda.store.relations import load_relations
from proda.workflows.glossaries import read_glossary

ROOT = Path(__file__).resolve().parent.parent
_TERMS = re.compile(r"(?ms)^#+ (?:Key Terms|Glossary)[ \t]*\n(.*?)(?=^#{1,2} |\Z)")
_HEADING = re.compile(r"(#+) (.*)")
SKIPPED = ("documents", "mini", "external_mcq")


class Section(NamedTuple):
    """A section without its key terms, and these."""

    source: str
    text: str
    glossary: dict[str, str]


def sections(corpus: Path, disciplines: frozenset[str]) -> Iterator[Section]:
    """The sections of a corpus, sorted by path."""
    for path in sorted(corpus.glob("*/*/*.md")):
        discipline = path.relative_to(corpus).parts[0]
        if discipline in SKIPPED or (disciplines and discipline not in disciplines):
            continue
        text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8"))
        body = text.split("\n---\n", 1)[1] if text.startswith("---") else text
        listed = "\n".join(match[1] for match in _TERMS.finditer(body))
        glossary = read_glossary("terms.md", listed) if "**" in listed else {}
        yield Section(f"{discipline}/{path.parent.name}-{path.stem}", _TERMS.sub("", body), glossary)


def chunks_of(section: Section) -> list[Chunk]:
    """A chunk for everything between two headings."""
    chunks: list[Chunk] = []
    above: list[tuple[int, str]] = []
    place = start = 0
    for line in [*section.text.splitlines(keepends=True), "# "]:
        heading = _HEADING.match(line)
        if heading:
            text = section.text[start:place]
            if text.strip():
                name = chunk_id(section.source, text, len(chunks))
                chunks.append(Chunk(name, section.source, tuple(h for _, h in above), start, place, text, len(text.split())))
            above = [*(h for h in above if h[0] < len(heading[1])), (len(heading[1]), heading[2].strip())]
            start = place + len(line)
        place += len(line)
    return chunks


def main() -> None:
    """Read the corpus, print the scores."""
    parser = argparse.ArgumentParser(description="Score the rules backend on hidden key terms.")
    parser.add_argument("corpus", nargs="?", type=Path, default=Path(os.environ.get("PRODA_CORPUS", ROOT.parent / "shared" / "corpus")))
    parser.add_argument("--discipline", action="append", default=[])
    parser.add_argument("--sample", type=int, default=0, help="statements to print")
    parser.add_argument("--seed", default="a", help="text that is hashed with each statement to draw the sample")
    given = parser.parse_args()
    if not given.corpus.is_dir():
        sys.exit(f"{given.corpus}\n  No such folder. Give the folder of the corpus, or set PRODA_CORPUS.")
    table = table_of(load_relations(ROOT / "knowledge/relations.yaml"))
    scores: dict[str, GlossaryScore] = {}
    totals: Counter[str] = Counter()
    relations: Counter[str] = Counter()
    drawn: list[tuple[bytes, str, ProposedStatement, Proposals]] = []
    started = time.process_time()
    took = 0.0
    for section in sections(given.corpus, frozenset(given.discipline)):
        started = time.process_time()
        discipline = section.source.partition("/")[0]
        chunks = chunks_of(section)
        casing = Casing.of(section.text)
        found = [read_chunk(chunk, table, casing) for chunk in chunks]
        reading = SourceReading(section.source, section.text, "", "rules", tuple(c.id for c in chunks))
        proposals = assemble(reading, found, Settled(discipline, table.relations))
        took += time.process_time() - started
        totals["words"] += len(section.text.split())
        totals["sections"] += 1
        totals["statements"] += len(proposals.statements)
        totals["chains"] += len(proposals.chains)
        totals["concepts"] += len(proposals.concepts)
        totals["drafted"] += sum(c.drafted for c in proposals.concepts.values())
        relations.update(s.relation for s in proposals.statements.values())
        if section.glossary:
            score = scored(section.glossary, [proposals], {section.source: section.text})
            scores[discipline] = scores[discipline] + score if discipline in scores else score
        for key, statement in proposals.statements.items() if given.sample else ():
            digest = hashlib.sha256(f"{given.seed}\0{key}".encode()).digest()
            drawn.append((digest, section.source, statement, proposals))
    _print(scores, totals, relations, took)
    for number, (_, source, statement, proposals) in enumerate(sorted(drawn, key=lambda d: d[0])[: given.sample], start=1):
        _print_statement(number, source, statement, proposals)


def _print(scores: dict[str, GlossaryScore], totals: Counter[str], relations: Counter[str], took: float) -> None:
    print(f"{'discipline':24}{'terms':>7}{'recall':>8}{'defined':>9}{'F1':>6}{'>= .5':>7}{'quotes':>8}{'located':>9}")
    for name, score in [*sorted(scores.items()), *([("all", sum_of(list(scores.values())))] if scores else [])]:
        located = score.located / score.quotes if score.quotes else 1.0
        defined = score.defined / score.terms
        print(
            f"{name:24}{score.terms:7,}{score.recall:8.3f}{defined:9.3f}{score.agreement:6.2f}{score.agreeing:7.2f}"
            f"{score.quotes:8,}{located:9.3f}"
        )
    words = totals["words"]
    print(f"{totals['sections']:,} sections, {words:,} words in {took:.0f} s: {words / max(took, 1e-9):,.0f} words/s on one core")
    rate = 1000 * totals["statements"] / max(words, 1)
    print(
        f"{totals['statements']:,} statements ({rate:.2f} per 1,000 words), {totals['concepts']:,} concepts"
        f" ({totals['drafted']:,} with a drafted definition), {totals['chains']:,} chains"
    )
    print(", ".join(f"{relation} {count:,}" for relation, count in relations.most_common()))


def sum_of(scores: list[GlossaryScore]) -> GlossaryScore:
    """All scores together."""
    total = scores[0]
    for score in scores[1:]:
        total = total + score
    return total


def _print_statement(number: int, source: str, statement: ProposedStatement, proposals: Proposals) -> None:
    def said(name: str, wording: str | None) -> str:
        concept = proposals.concepts[name]
        return f"[{concept.term}]" if wording is None else f"[{concept.term}] as “{wording}”"

    when = f" WHEN {'; '.join(statement.when)}" if statement.when else ""
    past = " PAST" if statement.tense == "past" else ""
    subject, target = said(statement.subject, statement.subject_as), said(statement.object, statement.object_as)
    print(f"\n{number}. {source[:60]}\n   {subject} --{statement.relation}--> {target}{when}{past}")
    print(f"   text:  {statement.text}")
    print(f"   quote: {statement.evidence.quote}")


if __name__ == "__main__":
    main()
