"""The models of the replies. A reply is valid as a whole, or its good entries are kept after the last try.

    reply = ChainsReply.model_validate_json(text, context={CHECKING: checking, LAST: LastReply()})
    kept, faults = good_entries(ChainsReply, raw, checking)       # entries of a reply that was never mended

Lengths are bounded, because servers with a grammar can be led into endless strings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from proda.extraction.llm import checks
from proda.extraction.llm.checks import Checking
from proda.extraction.names import join_key

CHECKING, LAST = "checking", "last"
Found = TypeVar("Found", bound=BaseModel)
MOST_CHAINS, MOST_STEPS, MOST_CONCEPTS = 8, 6, 12
_none_is_empty = BeforeValidator(lambda value: "" if value is None else value)
_none_is_nothing = BeforeValidator(lambda value: [] if value is None else value)
Short = Annotated[str, Field(max_length=160)]
Optional = Annotated[str, Field(max_length=160), _none_is_empty]
Phrases = Annotated[list[Short], Field(max_length=4), _none_is_nothing]
Quote = Annotated[str, Field(max_length=400)]
Reason = Annotated[str, Field(max_length=300), _none_is_empty]
TypeName = Literal[
    "entity", "substance", "structure", "organism", "agent", "institution", "process", "event", "state", "phenomenon", "property",
    "quantity", "law", "theory", "method", "artefact",
]  # fmt: skip


class LastReply:
    """The last reply that was not valid, so that its good entries can be kept. All are equal: they are no part of the question."""

    def __init__(self) -> None:
        self.raw: Any = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LastReply)

    __hash__ = None  # type: ignore[assignment]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Whole(_Entry):
    """A reply: a list of entries, and a reason where there are none."""

    entries_name: ClassVar[str]
    reason: Reason = ""

    @model_validator(mode="wrap")
    @classmethod
    def _traced(cls, data: Any, handler: ModelWrapValidatorHandler[Any], info: ValidationInfo) -> Any:
        try:
            return handler(data)
        except ValidationError:
            trace = (info.context or {}).get(LAST)
            if trace is not None and isinstance(data, dict) and data.get(cls.entries_name):
                trace.raw = data
            raise


class StepReply(_Entry):
    """A step of an explanation."""

    claim: Short
    quote: Quote

    @field_validator("claim")
    @classmethod
    def _claim(cls, claim: str, info: ValidationInfo) -> str:
        return checks.own_words(claim, _checking(info))

    @field_validator("quote")
    @classmethod
    def _quote(cls, quote: str, info: ValidationInfo) -> str:
        return checks.quoted(quote, _checking(info))


class ChainReply(_Entry):
    """An explanation."""

    explains: Short
    preconditions: Phrases = []
    exclusions: Phrases = []
    steps: Annotated[list[StepReply], Field(min_length=1, max_length=MOST_STEPS)]

    @field_validator("explains")
    @classmethod
    def _explains(cls, explains: str, info: ValidationInfo) -> str:
        return checks.own_words(explains, _checking(info)).rstrip(" .")

    @field_validator("preconditions", "exclusions")
    @classmethod
    def _phrases(cls, phrases: list[str]) -> list[str]:
        return [checks.plain(phrase) for phrase in phrases]


class ChainsReply(_Whole):
    """The explanations of a passage, or why there are none."""

    entries_name: ClassVar[str] = "chains"
    chains: Annotated[list[ChainReply], Field(max_length=MOST_CHAINS)]

    @model_validator(mode="after")
    def _said_why(self, info: ValidationInfo) -> ChainsReply:
        if not self.chains and not self.reason.strip() and not _checking(info).again:
            raise ValueError("The list of chains is empty. Say in `reason` why the passage explains nothing.")
        return self


class StatementReply(_Entry):
    """A statement about one step."""

    step: int
    subject: Short
    subject_as: Optional = ""
    relation: Annotated[str, Field(max_length=60)]
    object: Short
    object_as: Optional = ""
    when: Phrases = []
    according_to: Optional = ""
    tense: Literal["present", "past"] = "present"
    text: Annotated[str, Field(max_length=320)]
    quote: Quote

    @field_validator("quote", "relation", "subject", "object")
    @classmethod
    def _value(cls, value: str, info: ValidationInfo) -> str:
        check: dict[str, Callable[[str, Checking], str]] = {"quote": checks.quoted, "relation": checks.related}
        return check.get(info.field_name or "", checks.term_like)(value, _checking(info))

    @field_validator("when")
    @classmethod
    def _conditions(cls, when: list[str]) -> list[str]:
        return [checks.condition_like(condition) for condition in when]

    @model_validator(mode="after")
    def _sentence(self, info: ValidationInfo) -> StatementReply:
        checking = _checking(info)
        if checking.steps and self.step not in checking.steps:
            raise ValueError(f"There is no step {self.step}. Asked for: {', '.join(map(str, checking.steps))}.")
        if join_key(self.subject) == join_key(self.object):
            raise ValueError("The subject and the object are one concept. Choose two, or leave the statement out.")
        checks.stands_as(self.subject_as, self.subject)
        checks.stands_as(self.object_as, self.object)
        checks.said(self.text, self.subject, self.object, tuple(self.when), checking)
        if self.according_to and not checks.names(self.text, self.according_to):
            raise ValueError("The text does not name whose thesis it is. It must contain what `according_to` says.")
        return self


class StatementsReply(_Whole):
    """The statements of some steps, in order."""

    entries_name: ClassVar[str] = "statements"
    statements: Annotated[list[StatementReply], Field(max_length=MOST_STEPS)]

    @model_validator(mode="after")
    def _joined(self, info: ValidationInfo) -> StatementsReply:
        checking = _checking(info)
        numbers = [entry.step for entry in self.statements]
        if numbers != sorted(set(numbers)):
            raise ValueError("The steps are not in order, or one has two statements. Give at most one for each, in order.")
        if not self.statements and not self.reason.strip():
            raise ValueError("The list of statements is empty. Say in `reason` why no step can be stated.")
        ends = {entry.step: entry.object for entry in self.statements}
        if checking.before and checking.steps:
            ends[checking.steps[0] - 1] = checking.before
        for entry in self.statements:
            end = ends.get(entry.step - 1)
            if end is not None and join_key(end) != join_key(entry.subject):
                raise ValueError(
                    f"The chain breaks at step {entry.step}. The step before ends with '{end}', so the subject must be '{end}', not"
                    f" '{entry.subject}'."
                )
        return self


class ConceptReply(_Entry):
    """A concept."""

    term: Short
    type: TypeName
    definition: Annotated[str, Field(max_length=320)]
    phrase: Optional = ""
    plural: bool = False
    aliases: Phrases = []
    quote: Annotated[str, Field(max_length=400), _none_is_empty] = ""

    @model_validator(mode="after")
    def _fits(self, info: ValidationInfo) -> ConceptReply:
        checking = _checking(info)
        checks.term_like(self.term, checking)
        if checking.terms and join_key(self.term) not in {join_key(term) for term in checking.terms}:
            raise ValueError(f"The term was not asked for. Asked for: {', '.join(checking.terms)}.")
        self.definition = checks.defined(self.definition, self.term, checking)
        checks.phrase_like(self.phrase, self.term)
        if self.phrase and self.plural:
            raise ValueError("The phrase of a plural has no article. Leave it empty.")
        for alias in self.aliases:
            checks.occurs(alias, self.term, checking)
        if self.quote:
            self.quote = checks.quoted(self.quote, checking)
        return self


class ConceptsReply(_Whole):
    """The concepts of some statements."""

    entries_name: ClassVar[str] = "concepts"
    concepts: Annotated[list[ConceptReply], Field(max_length=MOST_CONCEPTS)]

    @model_validator(mode="after")
    def _complete(self, info: ValidationInfo) -> ConceptsReply:
        there = {join_key(entry.term) for entry in self.concepts}
        missing = [term for term in _checking(info).terms if join_key(term) not in there]
        if missing:
            raise ValueError(f"The concepts are not complete. Missing: {', '.join(missing)}.")
        return self


class JudgeReply(_Entry):
    """Whether a passage is kept."""

    keep: bool
    reason: Reason = ""

    @model_validator(mode="after")
    def _plain(self) -> JudgeReply:
        self.reason = checks.plain(self.reason.strip()) if self.reason.strip() else ""
        if not self.keep and not self.reason:
            raise ValueError("The reason is missing. Say in a few words why the passage is rejected.")
        return self


def plain_context() -> dict[str, Any]:
    """The context of a question whose reply is checked against nothing but its model."""
    return {CHECKING: Checking(""), LAST: LastReply()}


def good_entries(entry: type[Found], items: Any, checking: Checking) -> tuple[list[Found], list[str]]:
    """The entries that are valid by themselves, and of each other one why it is not. `items` is the list of a reply, not yet checked."""
    kept: list[Found] = []
    faults: list[str] = []
    for item in items if isinstance(items, list) else ():
        try:
            kept.append(entry.model_validate(item, context={CHECKING: checking}))
        except (ValidationError, RecursionError) as error:
            faults.append(reason_of(error))
    return kept, faults


def reason_of(error: Exception) -> str:
    """Why an entry was refused, in one clause: "the quote is not in the source"."""
    if not isinstance(error, ValidationError):
        return "the entry cannot be read"
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] != "value_error":
        return f"the field {'.'.join(str(part) for part in fault['loc'] if isinstance(part, str)) or 'itself'} is not as asked for"
    first = message.partition(". ")[0].rstrip(".")
    return first[:1].lower() + first[1:]


def _checking(info: ValidationInfo) -> Checking:
    found = (info.context or {}).get(CHECKING)
    if found is None:
        raise ValueError("replies are validated with a context")
    return found  # type: ignore[no-any-return]
