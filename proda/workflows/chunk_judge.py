"""The LLM judge of curation (`curate.judge: openai`): chunks → why each is rejected, or None.

    judge = endpoint_judge(root, load_document_settings(root))
    judge(chunks)                                 # [None, "tells who meets where and explains nothing", …]

Each chunk is one question, whose answer is stored, so curating again asks about changed chunks only. A chunk about which the model gives no
usable answer is kept: the cheap filters have kept it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from proda.curation.judge import Judge
from proda.document_settings import DocumentSettings
from proda.errors import InputError
from proda.store.chunks import Chunk


def endpoint_judge(root: Path, settings: DocumentSettings, *, send: bool = True) -> Judge:
    """A judge that asks the endpoint of the settings. With `send=False` it knows stored answers only, and keeps the other chunks.

    Raises InputError if no model is named. The judge raises InputError when the spend cap ends the run, because half a judgement would
    depend on where it ended; what was answered is stored. It raises EndpointError if the endpoint cannot be used.
    """

    if not settings.llm.model:
        raise InputError("documents.yaml  llm.model\n  curate.judge needs a model. Name one that the endpoint serves, or set judge: none.")

    def judge(chunks: Sequence[Chunk]) -> list[str | None]:
        from proda.calls.records import Question
        from proda.extraction.llm.caller import Caller, Given
        from proda.extraction.llm.marked_text import marked
        from proda.extraction.llm.prompt_files import load_prompt
        from proda.extraction.llm.replies import JudgeReply, plain_context

        prompt = load_prompt("judge")
        questions = []
        for number, chunk in enumerate(chunks):
            data = "\n\n".join((marked("headings", " > ".join(chunk.heading)), marked("passage", chunk.text), "Judge the passage."))
            messages = [{"role": "system", "content": prompt.text}, {"role": "user", "content": data}]
            name = f"{chunk.source}#{chunk.id} judge {number}"
            questions.append(Question(name, "judge", messages, JudgeReply, plain_context(), prompt.id, max_tokens=200, tag=chunk.source))
        caller = Caller(settings.llm, settings.extract.attempts, root, send=send)
        got = caller.ask(questions, "Judge")
        if caller.stopped and send:
            raise InputError(
                f"documents.yaml  llm\n  The judge stopped: {caller.stopped}. What was answered is kept in build/replies. Run"
                " `proda curate` again to go on, or raise the cap."
            )
        answers = [got[question.id] for question in questions]
        return [(a.value.reason or "the judge gives no reason") if isinstance(a, Given) and not a.value.keep else None for a in answers]

    return judge
