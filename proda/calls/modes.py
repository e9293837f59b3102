"""How an endpoint is asked for JSON: `json_schema`, `tools`, `json` or `text`, the first that it answers with valid JSON.

    await find_mode(asker)                        # asker.habits == EndpointHabits(mode="tools", limit_name="max_tokens")

The probe is one small question for each mode, counted as stage "probe". What it finds is kept in build/replies/modes for that address and
model. A server that learns a better mode is not noticed; delete that folder to probe again.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from proda.calls.asking import Asker
from proda.calls.records import Answered, Question
from proda.calls.rendering import MODES
from proda.calls.reply_store import EndpointHabits, ReplyStore
from proda.calls.wire import EndpointError, endpoint_address
from proda.document_settings import LlmSettings

if TYPE_CHECKING:
    from pydantic import BaseModel

STAGE = "probe"


@functools.cache
def _probe_reply() -> type[BaseModel]:
    """Made on the first call, because pydantic takes a while to import."""
    from pydantic import BaseModel, ConfigDict

    class ProbeReply(BaseModel):
        """A sum."""

        model_config = ConfigDict(extra="forbid")
        total: int
        even: bool

    return ProbeReply


def modes_to_look_in(settings: LlmSettings, store: ReplyStore) -> tuple[str, ...]:
    """The modes under which a stored reply may be found, the endpoint's own first.

    With `auto` a reply in any mode will do, so that a store that was filled elsewhere is of use before the endpoint is known.
    """
    if settings.mode != "auto":
        return (settings.mode,)
    habits = store.habits(endpoint_address(settings), settings.model)
    first = (habits.mode,) if habits else ()
    return (*first, *(mode for mode in MODES if mode not in first))


async def find_mode(asker: Asker) -> None:
    """Set `asker.habits`: the setting, what an earlier probe found, or what this one finds. Raises EndpointError if no mode works."""
    settings, store, address = asker.settings, asker.store, asker.wire.address
    if settings.mode != "auto":
        asker.habits = EndpointHabits(settings.mode)
        return
    known = store.habits(address, settings.model)
    if known is not None:
        asker.habits = known
        return
    messages = [
        {"role": "system", "content": "You answer questions about numbers."},
        {"role": "user", "content": "What is 17 + 4, and is it even? Give the fields `total` and `even`."},
    ]
    question = Question("probe", STAGE, messages, _probe_reply())
    asker.probing = True
    faults = []
    for mode in MODES:
        asker.habits = EndpointHabits(mode, asker.habits.limit_name)
        asker.other_way = mode != MODES[-1]
        result = await asker.ask(question, keep=False)
        if asker.unusable is not None:
            raise asker.unusable
        if asker.stopped:
            return
        if isinstance(result, Answered):
            store.keep_habits(address, settings.model, asker.habits)
            asker.probing = asker.other_way = False
            return
        faults.append(f"  {mode}: {result.reason}. {result.detail}")
    raise EndpointError(
        f"{address}\n  The model {settings.model} did not answer a test question with valid JSON in any mode.\n" + "\n".join(faults)
    )
