"""Every document is read as the policy says or refused with one finding, and what is written is read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proda.errors import InputError
from proda.findings import Finding
from proda.yamlio import dump_yaml, load_list, load_yaml, load_yaml_bytes, load_yaml_text, locate, reference
from proda.yamlio.policy import FORBIDDEN_CHARACTER, MAX_BYTES, MAX_DEPTH

AWKWARD = [
    "", "no", "NO", "yes", "on", "off", "y", "true", "false", "True", "TRUE", "False", "null", "Null", "NULL", "~",
    "nan", ".nan", ".inf", "-.INF",
    "0", "1", "-1", "-0", "+5", "007", "0x1F", "0o17", "017", "0b11", "1_000", "1.5", "1.", ".5", "1e3", "1e-3",
    "-1.5E+3", "inf", "Infinity",
    "123456789012345678", "999999999999999999", "1234567890123456789", "-1234567890123456789",
    "123456789012345678901234567890",
    "2024-01-01", "2001-12-14t21:59:43.10-05:00", "12:30:45", "190:20:30", "<<", "=", "-", "- a", "--", "---", "...",
    "?", "? a", ":", ":a", "a:", "a: b",
    "a:b", "a #b", "a#b", "#a", "!a", "!", "&a", "*a", "%a", "@a", "`a", "|", ">", "|-", "'", '"', "''", "a'b",
    '"a"', "[", "]", "{", "}", "[a]", "{a: b}",
    "a, b", ",", "a\\b", "\\", "\\n", " a", "a ", "a\tb", "\t", "a\nb", "a\n", "\na", "a\n\nb", "a\n b", " a\nb",
    "a\r\nb", "\n", "é", "日本", "🧲", "a\u00a0",
    "\u00a0", "a\u200bb", "3 moles", "3, 4", "1 2", "x"*300, "x: "*100, "-1:", "radiation-3-", "a - 3 - b", "+",
    "++", "Ca2+", "!important", "R&D", "5*3",
]  # fmt: skip

TEMPLATES = [
    "{0}\n", "a: {0}\n", "{0}: a\n", "- {0}\n", "- {0}\n- {1}\n", "- - {0}\n  - {1}\n", "a: [{0}, {1}]\n",
    "a: {{x: {0}, y: {1}}}\n", "[{0},{1}]\n", "{{{0}: {1}}}\n",
    '{{"a":{0}}}\n', "{{'a':{0}, [b]: c}}\n", "a:\n  {0}\n", "a:\n  {0}\n  {1}\n", "a: # note\n  {0}\n",
    "a: {0} # note\n", "a: '{0}'\n", 'a: "{0}"\n', "a: |\n  {0}\n", "a: >-\n  {0}\n  {1}\n",
    "? {0}\n: {1}\n", "? - {0}\n: {1}\n", "a: {0}\nb: {1}\na: c\n", "---\na: {0}\n", "a: {0}\n---\nb: {1}\n",
    "a: {0}\n...\n", "%YAML 1.1\n---\na: {0}\n", "a: !!str {0}\n", "a: !x {0}\n",
    "a: &x {0}\nb: *x\n", "a: &x {{b: {0}}}\nc: {{<<: *x}}\n", "a:\n- {0}\n-\n  {1}\n- b: {0}\n  c: {1}\n",
    "a: {0}\r\nb: {1}\r\n", "a:\t{0}\n", "# {0}\na: {1}\n", "a: [{0}: {1}]\n", "a: [[{0}], {{b: {1}}}]\n",
    "{0}: {1}\n{1}: {0}\n", "a: {0}\n b: {1}\n", ": {0}\n", "- : {0}\n", "- ? {0}\n", "{{? {0} : {1}}}\n",
    "{{{0}}}\n", "[{0} , {1} ]\n", "- -{0}\n", "a: -{0}\n",
]  # fmt: skip


def read_or_refused(text: str) -> bool:
    """Whether the document is read; one that is not is refused with exactly one finding."""
    try:
        load_yaml_text(text)
    except InputError as error:
        assert len(error.findings) == 1
        return False
    return True


def test_every_awkward_document_is_read_or_refused() -> None:
    read = sum(read_or_refused(t.format(a, b)) for t in TEMPLATES for a in AWKWARD for b in ("b", a))
    assert read > len(TEMPLATES) * len(AWKWARD) / 4


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(TEMPLATES), st.sampled_from(AWKWARD), st.sampled_from(AWKWARD)), min_size=1, max_size=4),
    st.integers(0, 6),
)
def test_documents_made_of_awkward_parts_are_read_or_refused(parts: list[tuple[str, str, str]], indent: int) -> None:
    lines = "".join(t.format(a, b) for t, a, b in parts).splitlines()
    read_or_refused("\n".join(lines) + "\n")
    read_or_refused("top:\n" + "\n".join(" " * indent + line for line in lines) + "\n")


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="ab01-+.:,?![]{}&*#'\"|>%~ \n<=_xeE", max_size=30))
def test_noise_is_read_or_refused(text: str) -> None:
    read_or_refused(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab1.:,[]{}#'\"|>~ \n-", max_size=30))
def test_a_document_has_the_shape_that_pyyaml_gives_it(text: str) -> None:
    import yaml

    try:
        ours = load_yaml_text(text)
    except InputError:
        return
    theirs = yaml.load(text, Loader=yaml.CBaseLoader)  # the Python one refuses a few documents that libyaml reads
    assert shape(ours) == shape(theirs)


def shape(value: Any) -> Any:
    """The collections and keys of a document; a scalar counts as a scalar."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else "scalar"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("NO", "NO"), ("2024-01-01", "2024-01-01"), ("12:30:45", "12:30:45"), ("0x1F", "0x1F"),
        ("1_000", "1_000"), ("007", "007"),
        ("1.5", "1.5"), ("1e3", "1e3"), (".inf", ".inf"), ("True", "True"), ("Null", "Null"), ("+5", "+5"),
        ("-0", "-0"), ("1"*19, "1"*19),
        ("12", 12), ("-3", -3), ("0", 0), ("9"*18, 10**18-1), ("true", True), ("false", False), ("null", None),
        ("~", None), ("", None), ("'12'", "12"), ('"true"', "true"),
    ],
)  # fmt: skip
def test_scalars_mean_what_the_policy_says(text: str, value: Any) -> None:
    for document in (f"a: {text}\n", f"a: {text}\n# !\n&x\n".removesuffix("&x\n"), f"a: [{text}]\n"):
        loaded = load_yaml_text(document)["a"]
        loaded = loaded[0] if isinstance(loaded, list) and loaded else loaded
        assert (loaded, type(loaded)) == (value, type(value)) or (text == "" and loaded == [])


def test_numbers_are_read_where_asked_for() -> None:
    assert load_yaml_text("a: [1e-3, 2.5, .5, 3, no, 1.2.3, 0x1F]", numbers=True) == {"a": [0.001, 2.5, 0.5, 3, "no", "1.2.3", "0x1F"]}


@pytest.mark.parametrize(
    ("data", "says", "line"),
    [
        (b"a: &x 1\nb: *x\n", "anchor", 1),
        (b"b: *x\n", "lias", 0),
        (b"a: 1\nb: !foo 3\n", "tag (!foo)", 2),
        (b"a: !!python/object/apply:os.system [x]\n", "tag", 1),
        (b"a: 1\nb: 2\na: 3\n", "'a' is given twice", 3),
        (b"x:\n  a: 1\n  a: 2\n", "given twice", 3),
        (b"1: a\n", "not text", 1),
        (b"true: a\n", "not text", 1),
        (b"[a]: b\n", "not text", 1),
        (b"a: {b: 1, <<: {c: 2}}\n", "merge key", 1),
        (b"a: 1\n---\nb: 2\n", "second document", 2),
        (b"a: \x00\n", "U+0000", 1),
        (b"a: 1\nb: \x07\n", "U+0007", 2),
        ("a: 1\nb: x\u202ey\n".encode(), "U+202E", 2),
        ("a: \u2066x\n".encode(), "U+2066", 1),
        ("a: \u0085\n".encode(), "U+0085", 1),
        (b'a: "\\u202e"\n', "U+202E", 1),
        (b'a: "\\0"\n', "U+0000", 1),
        (b'"\\u202e": a\n', "U+202E", 1),
        (b"\xef\xbb\xbfa: 1\n", "byte-order mark", 1),
        ("a: 1\n".encode("utf-16"), "UTF-16", 1),
        ("a: 1\nb: é\n".encode("latin-1"), "not UTF-8", 2),
        (b"a: [1, 2\nb: 3\n", "Not YAML", 1),
        (b"a: 'x\n", "Not YAML", 1),
        (b"a: \"\\ud800\"\n", "", 0),
        (b"[" * 100_000, "levels deep", 1),
        (b"- " * 500 + b"a\n", "levels deep", 1),
        (b"{a: " * 30, "levels deep", 1),
    ],
)  # fmt: skip
def test_what_is_refused_is_one_finding_with_its_line(data: bytes, says: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        load_yaml_bytes(data, "some.yaml")
    (finding,) = caught.value.findings
    assert isinstance(finding, Finding)
    assert finding.file == "some.yaml"
    assert says in finding.message
    assert line in {0, finding.line}
    assert str(finding) == str(caught.value)


def test_depth_is_allowed_up_to_the_limit() -> None:
    for n, ok in ((MAX_DEPTH, True), (MAX_DEPTH + 1, False)):
        text = "[" * n + "]" * n
        assert read_or_refused(text) is ok


def test_an_alias_bomb_costs_nothing() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(InputError, match="anchor"):
        load_yaml_text(bomb)


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    with path.open("wb") as out:
        out.truncate(100 * 1024 * 1024)
    with pytest.raises(InputError, match=f"limit is {MAX_BYTES:,}"):
        load_yaml(path)


def test_links_that_lead_out_are_refused_and_links_inside_are_not(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("a: 1\n")
    root = tmp_path / "repository"
    root.mkdir()
    (root / "own.yaml").write_text("b: 2\n")
    (root / "out.yaml").symlink_to(tmp_path / "secret.yaml")
    (root / "in.yaml").symlink_to(root / "own.yaml")
    assert load_yaml(root / "in.yaml", root=root) == {"b": 2}
    for where in (root, None):
        with pytest.raises(InputError, match="leads out"):
            load_yaml(root / "out.yaml", root=where)


def test_a_linked_folder_that_leads_out_of_the_repository_is_refused_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.yaml").write_text("samples: []\n")
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    (root / "samples").symlink_to(tmp_path / "outside")
    for folder in (tmp_path, root):
        monkeypatch.chdir(folder)
        with pytest.raises(InputError, match="leads out"):
            load_list(root / "samples" / "a.yaml", "samples")


@pytest.mark.parametrize("text", ["a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> theirs\n", "top:\n<<<<<<< HEAD\n- a\n"])
def test_conflict_markers_are_named(text: str) -> None:
    with pytest.raises(InputError, match="merge conflict is not resolved") as caught:
        load_yaml_text(text, "a.yaml")
    (finding,) = caught.value.findings
    assert isinstance(finding, Finding) and finding.line == text.splitlines().index("<<<<<<< HEAD") + 1


def test_a_number_that_is_too_large_for_a_float_stays_text() -> None:
    assert load_yaml_text("a: 1e999", numbers=True) == {"a": "1e999"}


def test_what_is_not_a_file_is_an_input_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.yaml"):
        with pytest.raises(InputError):
            load_yaml(path)


def test_locate_gives_the_line_of_keys_and_items() -> None:
    data = b"# one\na:\n  b:\n    - x\n\n    - c: 1\n      d: 2\n  e: [1,\n    2]\n"
    for path, line in (
        (("a",), 2), (("a", "b"), 3), (("a", "b", 0), 4), (("a", "b", 1), 6), (("a", "b", 1, "d"), 7), (("a", "e", 1), 9),
        (("a", "b", 1, "missing"), 6), (("nothing",), 1), ((), 1),
    ):  # fmt: skip
        assert locate(data, path) == line


characters = st.characters(exclude_categories=["Cs"]).filter(lambda c: not FORBIDDEN_CHARACTER.match(c))
texts = st.one_of(st.text(characters, max_size=40), st.sampled_from(AWKWARD), st.text("ab1 .:-#'\"\n\t,", max_size=12))
scalars = st.one_of(texts, st.integers(-(10**18) + 1, 10**18 - 1), st.booleans(), st.none())
documents = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)), max_leaves=12
)


@settings(max_examples=500, deadline=None)
@given(documents)
def test_what_is_written_is_read_back(document: Any) -> None:
    text = dump_yaml(document)
    assert load_yaml_text(text) == document
    assert reference.parse(text.encode()) == document
    assert dump_yaml(load_yaml_text(text)) == text


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_is_read_back_as_text_in_every_place(text: str) -> None:
    for document in (text, [text], {"a": text}, {"a": [text, {"b": text}]}, {text: text}):
        assert load_yaml_text(dump_yaml(document)) == document


def test_other_yaml_readers_see_the_same_text() -> None:
    import yaml

    plain = [t for t in AWKWARD if "\u00a0" not in t]
    for text in plain:
        assert yaml.safe_load(dump_yaml({"a": text})) == {"a": text}


def test_the_layout_is_the_house_style() -> None:
    document = {"term": "no", "steps": [{"id": "s1", "span": [1, 2], "note": "two\nlines"}], "none": [], "empty": {}}
    assert dump_yaml(document) == (
        "term: 'no'\nsteps:\n  - id: s1\n    span:\n      - 1\n      - 2\n    note: |-\n      two\n      lines\nnone: []\nempty: {}\n"
    )


@pytest.mark.parametrize("value", [object(), 10**18, float("nan"), "\x00", "\u202e", "\ud800", {1: 2}, {"k" * 1001: 1}, b"x"])
def test_what_could_not_be_read_back_is_not_written(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        dump_yaml({"a": value} if not isinstance(value, dict) else value)


def test_floats_come_back_where_numbers_are_read() -> None:
    assert load_yaml_text(dump_yaml({"a": [0.001, 2.5, 1e-07, -3.0]}), numbers=True) == {"a": [0.001, 2.5, 1e-07, -3.0]}


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('a: 1\nb: {c: "x, d: y}\ne: 1\n', 2, "quotation mark that opens on this line is not closed"),
        ("a: 1\nb: [c, d\ne: 1\n", 2, "the [ that opens on this line is not closed"),
        ("a: 1\nb: Note: this\n", 2, "A value that contains ': ' needs quotation marks"),
        ("a:\n  - b\n c: d\n", 3, "The indentation of this line does not fit the lines above it"),
    ],
)
def test_frequent_mistakes_are_named_where_they_are(text: str, line: int, says: str) -> None:
    with pytest.raises(InputError) as caught:
        load_yaml_bytes(text.encode(), "some.yaml")
    (finding,) = caught.value.findings
    assert finding.line == line and says in finding.message
