"""Training rows of other tools → questions and answers, and what is wrong with them.

    sharegpt    {"conversations": [{"from": "human", "value": "Which …?\\n\\nA. heat\\nB. cold"}, {"from": "gpt", "value": "A\\n\\n…"}]}
    messages    {"messages": [{"role": "user", "content": …}, {"role": "assistant", "content": …}]}
    alpaca      {"instruction": …, "input": …, "output": …}
    plain       {"question": …, "options": ["heat", "cold"], "answer": "A", "explanation": …}      the public implementation's own rows

    answered = read_row(row, "rows")      # AnsweredRow(question="Which …?", options={"A": "heat", "B": "cold"}, key="A", answer="heat", …)

Options that stand in the question are taken out of it, and the letter at the start of an answer is taken from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from proda.records import Record

RowFormat = Literal["rows", "sharegpt", "messages", "alpaca"]
OPTION = re.compile(r"^[ \t]*\(?(?P<letter>[A-Z])[.):][ \t]*(?P<text>\S.*)$", re.MULTILINE)
# "B", "A, C", "B. heat", "(B) heat": a letter that stands alone at the start
KEY = re.compile(
    r"^[ \t]*(?:the (?:correct )?answer is[: ]*)?\(?(?P<letters>[A-Z](?:[ \t]*,[ \t]*[A-Z])*)\)?(?P<end>[.):]|[ \t]*(?:\n|$))",
    re.IGNORECASE,
)
LETTERS_NAMED = re.compile(r"\b(?:[Oo]ptions?|[Cc]hoices?|[Aa]nswers?|OPTION)\s+\(?[A-F]\)?(?![\w'’-])")
ANSWER_NAMED = re.compile(r"\b(?:correct |right )?(?:answer|option|choice) is\s*:?\s*\(?([A-F])\)?(?![\w'’-])", re.IGNORECASE)
INTERNAL_ID = re.compile(r"\b(?:stmt|statement|concept|chain|CID)-\d+\b|\bL[123] (?:statements?|concepts?|chains?)\b", re.IGNORECASE)
_USER, _REPLY = frozenset({"human", "user"}), frozenset({"gpt", "assistant", "model", "chatgpt"})


class AnsweredRow(Record, frozen=True):
    """A question with its answer. `key` holds the letters of the right options, "A" or "A,C"; empty if the answer names none."""

    question: str
    answer: str  # without its letter; the text of the right option where the answer is a letter alone
    explanation: str = ""
    options: dict[str, str] = msgspec.field(default_factory=dict)
    key: str = ""

    @property
    def text(self) -> str:
        """Question, options, answer and explanation."""
        return "\n".join(part for part in (self.question, *self.options.values(), self.answer, self.explanation) if part)


class RowError(ValueError):
    """A row cannot be used; `kind` is a kind of fault."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


def read_row(row: Mapping[str, Any], form: RowFormat) -> AnsweredRow:
    """Return the question and answer of a row; `rows` takes any of the formats. Raises RowError if there is none."""
    if form in ("rows", "sharegpt") and "conversations" in row:
        return _from_turns(row["conversations"], "from", "value")
    if form in ("rows", "messages") and "messages" in row:
        return _from_turns(row["messages"], "role", "content")
    if form in ("rows", "alpaca") and "instruction" in row:
        asked = "\n".join(part for part in (_text(row, "instruction"), _text(row, "input", "")) if part)
        return _answered(asked, _text(row, "output"))
    if form == "rows" and "question" in row:
        return _plain(row)
    wanted = {"rows": "conversations, messages, instruction or question", "sharegpt": "conversations", "messages": "messages"}
    raise RowError("malformed", f"Expected the key {wanted.get(form, 'instruction')}, got {', '.join(map(str, row))}")


def row_faults(row: AnsweredRow) -> Iterator[tuple[str, str]]:
    """Yield (kind, detail) for what makes the row wrong or misleading as training data."""
    if row.options and not row.key:
        yield "no-key", row.question
    for letter in row.key.split(","):
        if letter and row.options and letter not in row.options:
            yield "letter-mismatch", f"The key is {letter}, and the options are {', '.join(row.options)}."
    if row.options and row.key in row.options and row.answer and row.answer != row.options[row.key]:
        same = next((letter for letter, text in row.options.items() if folded(text) == folded(row.answer)), "")
        if same and same != row.key:
            yield "letter-mismatch", f"The key is {row.key}, and its text is that of {same}."
    if row.key:
        named = {m[1].upper() for m in ANSWER_NAMED.finditer(row.explanation)} - set(row.key.split(","))
        if named:
            yield "other-answer", f"The key is {row.key}, and the explanation says that the answer is {', '.join(sorted(named))}."
    if hit := LETTERS_NAMED.search(row.explanation):
        yield "letters", f"“{_around(row.explanation, hit.start())}”"
    if hit := INTERNAL_ID.search(f"{row.question}\n{row.explanation}\n{row.answer}"):
        yield "internal-id", f"“{hit[0]}”"


def sentence_of(row: AnsweredRow) -> str:
    """Return what the row says without its question, as one line that can stand in a source: the explanation, or else the answer.

    Empty if the text is under six words long, or names options by letter or internal ids.
    """
    for text in (row.explanation, row.answer):
        line = " ".join(text.split())
        if len(line.split()) >= 6 and not LETTERS_NAMED.search(line) and not ANSWER_NAMED.search(line) and not INTERNAL_ID.search(line):
            return line if line.endswith((".", "?", "!")) else f"{line}."
    return ""


def folded(text: str) -> str:
    """Return the words of a text in lower case, for comparison."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def _from_turns(turns: Any, who: str, what: str) -> AnsweredRow:
    if not isinstance(turns, list) or not all(isinstance(t, dict) and isinstance(t.get(who), str) for t in turns):
        raise RowError("malformed", f"Expected a list of turns with {who} and {what}.")
    asked = [_text(t, what) for t in turns if t[who] in _USER]
    replies = [_text(t, what) for t in turns if t[who] in _REPLY]
    if not asked:
        raise RowError("no-question", "No turn of the user.")
    if not replies:
        raise RowError("no-answer", asked[0])
    if len(asked) > 1 or len(replies) > 1:
        raise RowError("several-turns", f"{len(asked)} questions and {len(replies)} answers.")
    return _answered(asked[0], replies[0])


def _answered(asked: str, reply: str) -> AnsweredRow:
    """Take the options out of a question, and the key out of a reply."""
    options = {m["letter"]: m["text"].strip() for m in OPTION.finditer(asked)}
    if len(options) < 2 or list(options) != [chr(ord("A") + n) for n in range(len(options))]:
        options = {}
    question = (OPTION.sub("", asked) if options else asked).strip()
    if not question:
        raise RowError("no-question", asked)
    if not reply.strip():
        raise RowError("no-answer", question)
    hit = KEY.match(reply) if options else None
    if hit is None:
        first, rest = _split(reply, options)
        key = next((letter for letter, text in options.items() if folded(text) == folded(first)), "")
        return AnsweredRow(question, first if options else reply.strip(), rest, options, key)
    key = ",".join(part.strip().upper() for part in hit["letters"].split(","))
    said, rest = _split(reply[hit.end() :].strip(), options)
    if said and not any(folded(said) == folded(text) for text in options.values()):
        said, rest = "", reply[hit.end() :].strip()  # what follows the letter is the explanation at once
    return AnsweredRow(question, said or options.get(key, ""), rest, options, key)


def _split(text: str, options: Mapping[str, str]) -> tuple[str, str]:
    """The text of an option at the start, and what follows it; else the first line, and what follows."""
    for option in sorted(options.values(), key=len, reverse=True):
        if text.casefold().startswith(option.casefold()) and not text[len(option) : len(option) + 1].isalnum():
            return text[: len(option)], text[len(option) :].lstrip(" .\n")
    head, _, rest = text.partition("\n")
    return head.strip(), rest.strip()


def _plain(row: Mapping[str, Any]) -> AnsweredRow:
    """A row of the public implementation: question, answer, options (a list or a mapping), explanation."""
    question, explanation = _text(row, "question"), _text(row, "explanation", "") or _text(row, "reasoning", "")
    given = row.get("options") or {}
    texts = list(given.values()) if isinstance(given, dict) else given
    if not isinstance(texts, list) or not all(isinstance(t, str) for t in texts):
        raise RowError("malformed", "Expected options as a list or mapping of texts.")
    options = {chr(ord("A") + n): re.sub(r"^\s*\(?[A-Z][.):]\s+", "", t).strip() for n, t in enumerate(texts)}
    answer = row.get("answer")
    reply = ",".join(map(str, answer)) if isinstance(answer, list) else str(answer if answer is not None else "")
    if not question:
        raise RowError("no-question", f"answer: {reply}")
    if not reply.strip():
        raise RowError("no-answer", question)
    if not options:
        return AnsweredRow(question, reply.strip(), explanation)
    letters = [part.strip().upper() for part in reply.split(",")]
    if all(re.fullmatch("[A-Z]", letter) for letter in letters):
        return AnsweredRow(question, options.get(letters[0], ""), explanation, options, ",".join(letters))
    found = _answered(question + "".join(f"\n{letter}. {text}" for letter, text in options.items()), reply)
    return AnsweredRow(question, found.answer, explanation or found.explanation, options, found.key)


def _text(row: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = row.get(key, default)
    if not isinstance(value, str):
        raise RowError("malformed", f"Expected text for {key}, got {type(value).__name__}.")
    return value.strip()


def _around(text: str, place: int) -> str:
    return " ".join(text[max(0, place - 30) : place + 60].split())
