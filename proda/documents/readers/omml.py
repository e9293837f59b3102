"""Word's equations (OMML) → LaTeX.

`<m:f><m:num>…a…</m:num><m:den>…b…</m:den></m:f>` becomes `\\frac{a}{b}`. Used for DOCX and PPTX.
"""

from __future__ import annotations

from typing import Any

from proda.documents.latex_symbols import ACCENTS, group, matrix, plain_text, symbols, word
from proda.documents.xml import local

_DEPTH = 200
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


def latex_of(equation: Any) -> str:
    """The LaTeX of an `m:oMath` or `m:oMathPara` element, on one line."""
    return " ".join(_children(equation, 0).split())


def _children(element: Any, depth: int) -> str:
    return "".join(_latex(child, depth + 1) for child in element)


def _part(element: Any, name: str, depth: int) -> str:
    found = element.find(f"{_M}{name}")
    return "" if found is None else _children(found, depth + 1).strip()


def _value(element: Any, properties: str, name: str, default: str) -> str:
    found = element.find(f"{_M}{properties}/{_M}{name}")
    return default if found is None else (found.get(f"{_M}val") or "")


def _on(element: Any, properties: str, name: str) -> bool:
    found = element.find(f"{_M}{properties}/{_M}{name}")
    return found is not None and found.get(f"{_M}val", "1") in ("1", "on", "true")


def _latex(element: Any, depth: int) -> str:
    if depth > _DEPTH:
        return ""
    name = local(element)
    if name == "r":
        return _run(element)
    if name == "f":
        top, bottom = _part(element, "num", depth), _part(element, "den", depth)
        kind = _value(element, "fPr", "type", "bar")
        told = {"lin": f"{group(top)}/{group(bottom)}", "noBar": rf"\binom{{{top}}}{{{bottom}}}"}
        return told.get(kind, rf"\frac{{{top}}}{{{bottom}}}")
    if name in ("ssup", "ssub", "ssubsup", "spre"):
        base, low, high = (_part(element, part, depth) for part in ("e", "sub", "sup"))
        scripts = (f"_{group(low)}" if low else "") + (f"^{group(high)}" if high else "")
        base = base if len(base) == 1 or (base.startswith("\\") and base[1:].isalpha()) else f"{{{base}}}"
        return f"{{}}{scripts}{base}" if name == "spre" else f"{base}{scripts}"
    if name == "rad":
        degree = "" if _on(element, "radPr", "degHide") else _part(element, "deg", depth)
        return rf"\sqrt{f'[{degree}]' if degree else ''}{{{_part(element, 'e', depth)}}}"
    if name == "nary":
        sign = symbols(_value(element, "naryPr", "chr", "∫"))
        low, high = _part(element, "sub", depth), _part(element, "sup", depth)
        return f"{sign}{f'_{group(low)}' if low else ''}{f'^{group(high)}' if high else ''} {_part(element, 'e', depth)}"
    if name == "d":
        return _delimited(element, depth)
    if name == "func":
        return f"{_part(element, 'fName', depth)} {_part(element, 'e', depth)}"
    if name in ("m", "eqarr"):
        rows = element.findall(f"{_M}mr") if name == "m" else [element]
        cells = [[_children(cell, depth + 1).strip() for cell in row.findall(f"{_M}e")] for row in rows]
        return matrix([" & ".join(row) for row in cells] if name == "m" else cells[0])
    if name == "phant" or name.endswith("pr"):
        return ""
    return _marked(element, name, depth)


def _marked(element: Any, name: str, depth: int) -> str:
    """What stands above or below its base: accents, bars, limits."""
    if name in ("acc", "groupchr"):
        mark = _value(element, f"{'accPr' if name == 'acc' else 'groupChrPr'}", "chr", "\u0302" if name == "acc" else "⏟")
        command = ACCENTS.get(mark, r"\hat")
        return f"{command}{{{_part(element, 'e', depth)}}}"
    if name == "bar":
        command = r"\overline" if _value(element, "barPr", "pos", "bot") == "top" else r"\underline"
        return f"{command}{{{_part(element, 'e', depth)}}}"
    if name in ("limlow", "limupp"):
        base, limit = _part(element, "e", depth), _part(element, "lim", depth)
        return f"{base}{'_' if name == 'limlow' else '^'}{group(limit)}"
    return _children(element, depth)  # e, box, borderBox, oMath, and what is unknown


def _run(element: Any) -> str:
    text = "".join(part.text or "" for part in element if local(part) == "t")
    normal = element.find(f"{_M}rPr/{_M}nor")
    if normal is not None and len(text.strip()) > 1 and not text.strip().isdigit():
        return plain_text(text)
    return word(text) if text.isalpha() and len(text) > 2 else f"{symbols(text)} "


def _delimited(element: Any, depth: int) -> str:
    opening = symbols(_value(element, "dPr", "begChr", "("))
    closing = symbols(_value(element, "dPr", "endChr", ")"))
    between = symbols(_value(element, "dPr", "sepChr", "|"))
    inner = f" {between} ".join(_children(part, depth + 1).strip() for part in element.findall(f"{_M}e"))
    return rf"\left{opening or '.'}{inner}\right{closing or '.'}"
