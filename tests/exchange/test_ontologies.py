"""OBO, SKOS and Turtle give the same terms; of damaged and hostile files, only the damaged part is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from proda.errors import InputError
from proda.exchange.faults import Faults
from proda.exchange.markdown_text import paragraph, source_text
from proda.exchange.obo import read_obo
from proda.exchange.skos import read_skos
from proda.exchange.terms import MAX_DEFINITION, OntologyTerm, below, term_texts
from proda.store.relations import load_relations
from tests.toyworld import ROOT

RELATIONS = {r.id: r for r in load_relations(ROOT / "knowledge/relations.yaml")}
OBO = """\
format-version: 1.2
[Term]
id: T:1
name: machine ! a comment
def: "A device that does \\"work\\"." [X:y] {source="z"}

[Term]
id: T:2
name: heat pump
def: "A machine that moves heat from a cold place to a warm one." []
synonym: "heat mover" EXACT []
synonym: "pump" BROAD []
is_a: T:1 {implied="true"} ! machine
relationship: part_of T:3 ! heating system
relationship: regulates T:1

[Term]
id: T:3
name: heating \\
system
def: "The parts that warm a house." []

[Typedef]
id: part_of
name: part of
"""
HEAD = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:skos="http://www.w3.org/2004/02/skos/core#"'
    ' xmlns:iso="http://purl.org/iso25964/skos-thes#" xml:lang="en">'
)
RDF = f"""<?xml version="1.0"?>
{HEAD}
<skos:Concept rdf:about="T:1"><skos:prefLabel>machine</skos:prefLabel>
<skos:definition>A device that does "work".</skos:definition></skos:Concept>
<rdf:Description rdf:about="T:2">
  <rdf:type rdf:resource="http://www.w3.org/2004/02/skos/core#Concept"/>
  <skos:prefLabel xml:lang="en-GB">heat pump</skos:prefLabel>
  <skos:prefLabel xml:lang="de">Wärmepumpe</skos:prefLabel>
  <skos:altLabel>heat mover</skos:altLabel>
  <skos:definition>A machine that moves heat from a cold place to a warm one.</skos:definition>
  <skos:broader rdf:resource="T:1"/>
  <iso:broaderPartitive>
    <skos:Concept rdf:about="T:3"><skos:prefLabel>heating system</skos:prefLabel>
    <skos:definition>The parts that warm a house.</skos:definition></skos:Concept>
  </iso:broaderPartitive>
</rdf:Description>
</rdf:RDF>
"""
TURTLE = '''\
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .  # a comment
PREFIX iso: <http://purl.org/iso25964/skos-thes#>
<T:1> a skos:Concept ; skos:prefLabel "machine"@en ;
  skos:definition """A device that does "work"."""@en .
<T:2> a skos:Concept; skos:prefLabel "heat pump"@en-GB, "W\\u00e4rmepumpe"@de;
  skos:altLabel 'heat mover' ;
  skos:definition "A machine that moves heat from a cold place to a warm one."@en ;
  skos:broader <T:1> ; iso:broaderPartitive <T:3> ; .
<T:3> a skos:Concept . <T:3> skos:prefLabel "heating system"@en ; skos:definition "The parts that warm a house." ; skos:notation 4.5 .
'''


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def _bare(terms: dict[str, OntologyTerm]) -> list[tuple[object, ...]]:
    return sorted((t.id, t.name, t.definition, t.synonyms, tuple(sorted(t.broader.items()))) for t in terms.values())


def test_the_three_formats_give_the_same_terms(tmp_path: Path) -> None:
    faults = Faults()
    obo = _bare(read_obo(_write(tmp_path / "t.obo", OBO), "", faults))
    rdf = _bare(read_skos(_write(tmp_path / "t.rdf", RDF), "", "en", faults))
    turtle = _bare(read_skos(_write(tmp_path / "t.ttl", TURTLE), "", "en", faults))
    assert obo == rdf == turtle
    assert obo[1] == (
        "T:2",
        "heat pump",
        "A machine that moves heat from a cold place to a warm one.",
        ("heat mover",),
        (("is-a", ("T:1",)), ("is-part-of", ("T:3",))),
    )
    assert not faults.counts


def test_underscores_of_a_name_without_blanks_are_blanks(tmp_path: Path) -> None:
    text = OBO.replace("name: heat pump", "name: heat_pump")
    assert read_obo(_write(tmp_path / "t.obo", text), "", Faults())["T:2"].name == "heat pump"


def test_narrower_is_read_from_the_other_side(tmp_path: Path) -> None:
    text = TURTLE.replace("skos:broader <T:1> ;", "").replace('"machine"@en ;', '"machine"@en ; skos:narrower <T:2> ;')
    assert read_skos(_write(tmp_path / "t.ttl", text), "", "en", Faults())["T:2"].broader["is-a"] == ("T:1",)


def test_another_language_is_read_if_it_is_asked_for_and_missing_labels_are_faults(tmp_path: Path) -> None:
    faults = Faults()
    terms = read_skos(_write(tmp_path / "t.ttl", TURTLE), "", "de", faults)
    assert [t.name for t in terms.values()] == ["Wärmepumpe"] and faults.counts["language"] == 2


def test_faults_of_an_obo_file_have_their_line_and_the_other_terms_are_read(tmp_path: Path) -> None:
    more = ("id: T:2\nname: again", "name: no id", "id: T:9\nname: old\nis_obsolete: true", "id: T:8\nnonsense")
    text = OBO + "".join(f"\n[Term]\n{stanza}\n" for stanza in more)
    faults = Faults()
    terms = read_obo(_write(tmp_path / "t.obo", text), "", faults)
    assert list(terms) == ["T:1", "T:2", "T:3", "T:8"]
    lines = text.splitlines()
    assert [(f.kind, lines[f.line - 1]) for f in faults.kept] == [
        ("duplicate-id", "[Term]"),
        ("malformed", "[Term]"),
        ("obsolete", "[Term]"),
        ("malformed", "nonsense"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;">]>{HEAD}&b;</rdf:RDF>',
        f'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>{HEAD}&x;</rdf:RDF>',
        "not xml at all",
        f"{HEAD}<skos:Concept></rdf:RDF>",
        f"{HEAD}{'<skos:broader><skos:Concept>' * 80}",
    ],
)
def test_a_file_with_entities_or_that_is_no_xml_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"t\.rdf:1\n"):
        read_skos(_write(tmp_path / "t.rdf", text), "", "en", Faults())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<T:1> a [ ] .", 1),
        ("\n<T:1> <p> (1 2) .", 2),
        ("<T:1> a x:y .", 1),
        ('<T:1> <p> "open .', 1),
        ("<T:1> <p> .", 1),
        ("<T:1> <p> <o>", 1),
        ("@prefix x <y> .", 1),
    ],
)
def test_turtle_that_is_not_read_is_refused_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(InputError, match=rf"t\.ttl:{line}\n"):
        read_skos(_write(tmp_path / "t.ttl", text), "", "en", Faults())


def test_every_quote_of_a_statement_is_in_the_source_on_one_line(tmp_path: Path) -> None:
    terms = read_obo(_write(tmp_path / "t.obo", OBO), "", Faults())
    made = term_texts(terms.values(), RELATIONS, "entity", Faults())
    lines = source_text("Terms", made.paragraphs).splitlines()
    assert [s.quote for s in made.found.statements] == ["Heat pump is a kind of machine.", "Heat pump is part of heating system."]
    for said in made.found.statements:
        assert sum(said.quote in line for line in lines) == 1
    assert lines[0] == "# Terms" and len(made.paragraphs) == 3 and not [line for line in lines[2::2] if not line]


def test_terms_that_cannot_be_used_are_faults() -> None:
    terms = [
        OntologyTerm("1", "heat", "the energy that flows by itself"),
        OntologyTerm("2", "Heat", "the same"),
        OntologyTerm("3", "§", "no letters"),
        OntologyTerm("4", "cold", ""),
        OntologyTerm("5", "long", "x " * MAX_DEFINITION),
        OntologyTerm("6", "loop", "a thing that is itself", (), {"is-a": ("6", "404", "4")}),
    ]
    faults = Faults()
    made = term_texts(terms, RELATIONS, "entity", faults)
    assert [c.term for c in made.found.concepts] == ["heat", "loop"] and not made.found.statements
    assert faults.counts == {"duplicate-concept": 1, "unclear-end": 1, "no-definition": 1, "too-long": 1, "self": 1, "dangling-parent": 2}


def test_a_branch_holds_what_is_below_it_even_in_a_cycle() -> None:
    terms = {
        name: OntologyTerm(name, name, "x", (), {"is-a": parents})
        for name, parents in {"a": ("c",), "b": ("a",), "c": ("b",), "d": (), "e": ("d",)}.items()
    }
    assert list(below(terms, "a")) == ["a", "b", "c"] and list(below(terms, "d")) == ["d", "e"]


@pytest.mark.parametrize(
    "text",
    [
        *("# head", "> quote", "- item", "1. item", "* item", "---", "| cell", "``` code", "<!-- page 3 -->", "<script>x</script>"),
        *("[a](http://b)", "![i](x)", "a\n\n# b", "a\u2028b", "[x]: http://y", "===", "\x1b[31mred"),
    ],
)
def test_no_text_makes_a_block_a_tag_or_a_link(text: str) -> None:
    line = paragraph(text)
    assert "\n" not in line and "\x1b" not in line and "\u2028" not in line
    assert not line.startswith(("#", ">", "- ", "* ", "1. ", "---", "|", "```", "<", "!", "="))
    assert not re.search(r"(?<!\\)\[[^\]]*\][(:\[]", line)
    assert "<!--" not in line and "<script" not in line
    assert source_text("T", [line]).splitlines() == ["# T", "", line]


def test_plain_text_is_left_as_it_is() -> None:
    for text in ("pH < 7 is acid, 3 > 2, and a_b is no list.", "A set [of three] things (x)", "1.5 litres", "-40 degrees"):
        assert paragraph(text) == text
