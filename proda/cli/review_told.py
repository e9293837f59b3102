"""What `proda review` says after decisions: what was left out, each reason once, and the definitions that nobody wrote.

left out, 2 ×: in no accepted chain. A statement without a chain can only be a link between accepted chains. …
  a1b2c3d4e5f6: energy/noise
  c3d4e5f6a1b2: energy/comfort and energy/air-flow
1 definition was drafted from a statement, because the source gives none. Rewrite it in knowledge/energy/heat-pumps.yaml:
  air flow: what coil frost decreases
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from proda.errors import counted, printable

if TYPE_CHECKING:
    from proda.workflows.decisions import Remark
    from proda.workflows.review import Review


def left_out_lines(left: Sequence[Remark]) -> Iterator[str]:
    """One line for each remark. A reason that several share is printed once, with a line for each of them."""
    from proda.workflows.decisions import said

    groups: dict[str, list[Remark]] = defaultdict(list)
    for remark in left:
        about, _, reason = remark.message.partition(": ")
        groups[reason or about].append(remark)
    for reason, remarks in groups.items():
        if len(remarks) == 1:
            yield printable(f"left out: {said(remarks[0])}")
            continue
        yield printable(f"left out, {len(remarks):,} ×: {reason}")
        for remark in remarks:
            about = remark.message.removesuffix(reason).removesuffix(": ")
            yield printable(f"  {said(msgspec.structs.replace(remark, message=about)).removesuffix(': ')}")


def newly_drafted(session: Review, before: frozenset[str]) -> dict[str, str]:
    """Term → definition, of the concepts with a drafted definition that are in the knowledge now and were not among `before` (full ids)."""
    known, discipline = session.state.known.concepts, session.state.discipline
    concepts = session.state.proposals.concepts
    found = {name: f"{discipline}/{name}" for name, concept in concepts.items() if concept.drafted}
    return {concepts[name].term: concepts[name].definition for name, full in found.items() if full in known and full not in before}


def drafted_lines(drafted: Mapping[str, str], source: str) -> Iterator[str]:
    """A warning with each of these definitions; nothing if there are none."""
    if not drafted:
        return
    one = len(drafted) == 1
    yield (
        f"{counted(len(drafted), 'definition')} {'was' if one else 'were'} drafted from a statement, because the source gives none. Rewrite"
        f" {'it' if one else 'them'} in knowledge/{source}.yaml:"
    )
    for term, definition in drafted.items():
        yield printable(f"  {term}: {definition}")
