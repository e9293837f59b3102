"""`proda review --list`: the sources that have proposals, and the proposals of one of them with their keys.

physics/heat-pumps  2 of 3 decided, 1 of 1 chains accepted

✓ heat-pump-warms-a-house
  ✓ a1b2c3d4e5f6  A heat pump causes evaporation of the refrigerant at low pressure.

drafted definitions, to be rewritten
  air flow: what coil frost decreases

concepts that no statement names
  rime: white ice that grows on cold metal in moist air
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from proda.errors import printable

PROPOSED = "○"
ICONS = {"accepted": "✓", "rejected": "✕", "withdrawn": "–"}


def print_list(root: Path, sources: Sequence[str], entries: bool, as_json: bool) -> None:
    """Print one line for each of `sources`; with `entries`, their chains, statements and unnamed concepts too."""
    from proda.store.proposals import load_proposals
    from proda.workflows.decisions import drafted, progress, unnamed

    rows = []
    for source in sources:
        proposals = load_proposals(root, source)
        done, total = progress(proposals)
        chains = [{"chain": n, "status": c.status, "statements": list(c.statements)} for n, c in proposals.chains.items()]
        statements = [
            {"key": k, "status": s.status, "text": s.text, "reason": s.reason, "triple": [s.subject, s.relation, s.object]}
            for k, s in proposals.statements.items()
        ]
        accepted = sum(c.status == "accepted" for c in proposals.chains.values())
        rows.append({"source": source, "decided": done, "total": total, "chains": len(chains), "accepted_chains": accepted})
        if entries:
            concepts = [{"concept": n, "term": (c := proposals.concepts[n]).term, "definition": c.definition} for n in unnamed(proposals)]
            made_up = [{"concept": n, "term": (c := proposals.concepts[n]).term, "definition": c.definition} for n in drafted(proposals)]
            refused = [{"chunk": name, "claim": line} for name, chunk in proposals.chunks.items() for line in chunk.refused]
            found = {"chains": chains, "statements": statements, "unnamed_concepts": concepts}
            rows[-1] |= {"entries": {**found, "drafted_concepts": made_up, "refused_claims": refused}}
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(
            f"{row['source']}  {row['decided']} of {row['total']} decided, {row['accepted_chains']} of {row['chains']} chains accepted"
        )
        if entries:
            _print_entries(row["entries"])
    if not rows:
        click.echo("No document has proposals yet. Run `proda extract` first.", err=True)


def _print_entries(entries: Any) -> None:
    statements = {s["key"]: s for s in entries["statements"]}
    for chain in entries["chains"]:
        click.echo(f"\n{ICONS.get(chain['status'], PROPOSED)} {printable(chain['chain'])}")
        for key in chain["statements"]:
            _print_statement(statements[key])
    loose = [s for k, s in statements.items() if not any(k in chain["statements"] for chain in entries["chains"])]
    if loose:
        click.echo("\nin no chain")
    for statement in loose:
        _print_statement(statement)
    if entries["refused_claims"]:
        click.echo("\nclaims of the model that were refused, with the reason; they can be added by hand")
    for claim in entries["refused_claims"]:
        click.echo(printable(f"  {claim['claim']}"))
    for title, concepts in (
        ("drafted definitions, to be rewritten", entries["drafted_concepts"]),
        ("concepts that no statement names", entries["unnamed_concepts"]),
    ):
        if concepts:
            click.echo(f"\n{title}")
        for concept in concepts:
            click.echo(printable(f"  {concept['term']}: {concept['definition']}"))


def _print_statement(statement: Any) -> None:
    reason = f"  ({printable(statement['reason'])})" if statement["reason"] else ""
    click.echo(f"  {ICONS.get(statement['status'], PROPOSED)} {statement['key']}  {printable(statement['text'])}{reason}")
