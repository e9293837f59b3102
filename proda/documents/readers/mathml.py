"""A MathML element → LaTeX.

`<mfrac><mi>d</mi><mn>2</mn></mfrac>` becomes `\\frac{d}{2}`. An annotation in TeX, or the attribute `alttext`, is taken as it is.
"""

from __future__ import annotations

from typing import Any

from proda.documents.latex_symbols import ACCENTS, group, matrix, plain_text, symbols, word
from proda.documents.xml import local

_DEPTH = 200
_TIGHT = ("(", ")", "[", "]", "|", ",", ";", "'", "!", "/", ".")
_LARGE = ("∑", "∏", "⋃", "⋂", "∐", "lim", "max", "min", "sup", "inf", "⋁", "⋀")


def latex_of(math: Any) -> str:
    """The LaTeX of a `<math>` element, on one line; empty if it is empty."""
    for note in math.iter():
        if local(note) == "annotation" and "tex" in (note.get("encoding") or "").lower() and (note.text or "").strip():
            return _bare(note.text)
    for name, value in math.attrib.items():
        if name.lower() == "alttext" and value.strip():
            return _bare(value)
    return " ".join(_children(math, 0).split())


def _bare(latex: str) -> str:
    latex = " ".join(latex.split())
    if latex.startswith(r"{\displaystyle") and latex.endswith("}"):
        latex = latex[len(r"{\displaystyle") : -1].strip()
    return latex.strip("$").strip()


def _children(element: Any, depth: int) -> str:
    return "".join(_latex(child, depth + 1) for child in element)


def _latex(element: Any, depth: int) -> str:
    if depth > _DEPTH:
        return ""
    name = local(element)
    text = (element.text or "").strip()
    if name == "mi":
        return word(text) if len(text) > 1 else f"{symbols(text)} " if text and not text.isascii() else text
    if name == "mn":
        return text.replace("%", r"\%")
    if name == "mo":
        return text if text in _TIGHT else word(text) if len(text) > 1 and text.isalpha() else f"{symbols(text)} "
    if name in ("mtext", "ms"):
        return plain_text(element.text or "")
    if name in ("annotation", "annotation-xml", "mprescripts", "none", "maligngroup", "malignmark", "mphantom"):
        return ""
    parts = [child for child in element if local(child)]
    if name in _SCRIPTS or name in _FIXED:
        return _of_arguments(name, element, [_latex(part, depth + 1).strip() for part in parts], parts)
    if name == "mtable":
        rows = [
            " & ".join(_children(cell, depth + 2).strip() for cell in row if local(cell))
            for row in parts
            if local(row) in ("mtr", "mlabeledtr")
        ]
        return matrix(rows)
    if name == "mfenced":
        inner = [_latex(part, depth + 1).strip() for part in parts]
        opening, closing = element.get("open", "("), element.get("close", ")")
        separators = element.get("separators", ",").strip() or ","
        return f"{symbols(opening)}{f'{separators[0]} '.join(inner)}{symbols(closing)}"
    if name == "mmultiscripts":
        return _multiscripts(parts, depth)
    if name == "semantics":
        return _latex(parts[0], depth + 1) if parts else ""
    return " " if name == "mspace" else _children(element, depth)  # mrow, mstyle, mpadded, menclose, and what is unknown


_SCRIPTS = {"msup": "{0}^{1}", "msub": "{0}_{1}", "msubsup": "{0}_{1}^{2}", "munderover": "{0}_{1}^{2}"}
_FIXED = ("mfrac", "mroot", "msqrt", "mover", "munder")


def _of_arguments(name: str, element: Any, inner: list[str], parts: list[Any]) -> str:
    if name == "msqrt":
        return f"\\sqrt{{{''.join(inner)}}}"
    count = 3 if name in ("msubsup", "munderover") else 2
    if len(inner) != count:
        return " ".join(inner)
    base = inner[0]
    if name == "mfrac":
        if (element.get("linethickness") or "").strip() in ("0", "0pt", "0px"):
            return f"\\binom{{{base}}}{{{inner[1]}}}"
        return f"\\frac{{{base}}}{{{inner[1]}}}"
    if name == "mroot":
        return f"\\sqrt[{inner[1]}]{{{base}}}"
    if name in ("mover", "munder"):
        mark = "".join(parts[1].itertext()).strip()
        if mark in ACCENTS and (name == "mover" or mark in "_⏟\u0332"):
            return f"{ACCENTS[mark]}{{{base}}}"
        said = "".join(parts[0].itertext()).strip()
        if name == "munder":
            return f"{base}_{group(inner[1])}" if said in _LARGE else f"\\underset{{{inner[1]}}}{{{base}}}"
        return f"{base}^{group(inner[1])}" if said in _LARGE else f"\\overset{{{inner[1]}}}{{{base}}}"
    base = base if len(base) == 1 or (base.startswith("\\") and base[1:].isalpha()) else f"{{{base}}}"
    return _SCRIPTS[name].format(base or "{}", *map(group, inner[1:]))


def _multiscripts(parts: list[Any], depth: int) -> str:
    if not parts:
        return ""
    base = _latex(parts[0], depth + 1).strip()
    before, after = "", ""
    right = True
    scripts: list[str] = []
    for part in [*parts[1:], None]:
        if part is not None and local(part) != "mprescripts":
            scripts.append(_latex(part, depth + 1).strip())
            continue
        told = "".join(
            (f"_{group(sub)}" if sub else "") + (f"^{group(sup)}" if sup else "")
            for sub, sup in zip(scripts[::2], scripts[1::2], strict=False)
        )
        if right:
            after = told
        else:
            before = told
        right, scripts = False, []
    return f"{f'{{}}{before}' if before else ''}{base}{after}"
