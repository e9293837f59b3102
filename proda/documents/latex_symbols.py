"""Characters of equations → LaTeX, for the converters from MathML and from Word's equations.

symbols("α ≤ ∑")        # "\\\\alpha \\\\leq \\\\sum"
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_SYMBOLS = {
    "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "∬": r"\iint", "∮": r"\oint", "∂": r"\partial", "∇": r"\nabla", "√": r"\sqrt",
    "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "≈": r"\approx", "≡": r"\equiv", "∝": r"\propto", "∼": r"\sim", "≃": r"\simeq", "≅": r"\cong",
    "±": r"\pm", "∓": r"\mp", "×": r"\times", "÷": r"\div", "·": r"\cdot", "⋅": r"\cdot", "∘": r"\circ", "∗": "*", "−": "-", "⁄": "/",
    "→": r"\to", "←": r"\leftarrow", "↔": r"\leftrightarrow", "⇒": r"\Rightarrow", "⇐": r"\Leftarrow", "⇔": r"\Leftrightarrow",
    "↦": r"\mapsto", "↑": r"\uparrow", "↓": r"\downarrow", "⇌": r"\rightleftharpoons", "⟶": r"\longrightarrow",
    "∞": r"\infty", "∈": r"\in", "∉": r"\notin", "∋": r"\ni", "⊂": r"\subset", "⊆": r"\subseteq", "⊃": r"\supset", "⊇": r"\supseteq",
    "∪": r"\cup", "∩": r"\cap", "∅": r"\emptyset", "∖": r"\setminus", "∀": r"\forall", "∃": r"\exists", "¬": r"\neg", "∧": r"\wedge",
    "∨": r"\vee", "⊕": r"\oplus", "⊗": r"\otimes", "⊥": r"\perp", "∥": r"\parallel", "∣": r"\mid", "∠": r"\angle", "∴": r"\therefore",
    "…": r"\ldots", "⋯": r"\cdots", "⋮": r"\vdots", "⋱": r"\ddots", "′": "'", "″": "''", "‴": "'''", "°": r"^{\circ}", "ℏ": r"\hbar",
    "ħ": r"\hbar", "ℓ": r"\ell", "ℜ": r"\Re", "ℑ": r"\Im", "ℝ": r"\mathbb{R}", "ℕ": r"\mathbb{N}", "ℤ": r"\mathbb{Z}", "ℚ": r"\mathbb{Q}",
    "ℂ": r"\mathbb{C}", "⟨": r"\langle", "⟩": r"\rangle", "〈": r"\langle", "〉": r"\rangle", "⌊": r"\lfloor", "⌋": r"\rfloor",
    "⌈": r"\lceil", "⌉": r"\rceil", "‖": r"\|", "≪": r"\ll", "≫": r"\gg", "∆": r"\Delta", "µ": r"\mu", "Ω": r"\Omega",
    "%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$", "_": r"\_",
    "\u2061": "", "\u2062": "", "\u2063": "", "\u2064": "", "\u200b": "", "\u00a0": " ", "\u2009": " ", "\u2003": r"\quad", "\u2002": " ",
}  # fmt: skip
ROW_END = r" \\ "
_FUNCTIONS = (
    "arccos", "arcsin", "arctan", "cosh", "cos", "cot", "csc", "det", "dim", "exp", "gcd", "inf", "ker", "lim", "ln", "log", "max",
    "min", "sec", "sinh", "sin", "sup", "tanh", "tan",
)  # fmt: skip
_GREEK = re.compile(r"GREEK (SMALL|CAPITAL) LETTER (\w+)$")
_LIKE_LATIN = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEZHIKMNOPTYXo", strict=True))  # LaTeX has no commands for these
ACCENTS = {
    "^": r"\hat", "ˆ": r"\hat", "\u0302": r"\hat", "~": r"\tilde", "˜": r"\tilde", "\u0303": r"\tilde", "¯": r"\bar", "‾": r"\overline",
    "\u0304": r"\bar", "\u0305": r"\overline", "―": r"\overline", "_": r"\underline", "→": r"\vec", "\u20d7": r"\vec",
    "˙": r"\dot", "\u0307": r"\dot", ".": r"\dot", "¨": r"\ddot", "\u0308": r"\ddot", "⏞": r"\overbrace", "⏟": r"\underbrace",
    "⇀": r"\vec", "-": r"\bar", "−": r"\bar", "—": r"\overline", "\u0332": r"\underline", "ˇ": r"\check", "\u030c": r"\check",
}  # fmt: skip


def symbols(text: str) -> str:
    """The characters of an equation as LaTeX; letters and digits stay, commands are followed by a blank."""
    return "".join(map(_symbol, unicodedata.normalize("NFC", text))).strip()


def word(text: str) -> str:
    """A name of several letters: a function as its command, another as roman type."""
    text = text.strip()
    if text in _FUNCTIONS:
        return f"\\{text} "
    if len(text) > 1 and text.isascii() and text.isalpha():
        return f"\\mathrm{{{text}}}"
    return symbols(text)


def plain_text(text: str) -> str:
    """Words inside an equation."""
    shown = "".join(c if c not in r"\{}$&#%_^~" else f"\\{c}" if c in "{}$&#%_" else " " for c in " ".join(text.split(" ")))
    return f"\\text{{{shown}}}" if shown.strip() else " "


def group(latex: str) -> str:
    """An argument, in braces unless it is one character."""
    latex = latex.strip()
    return latex if len(latex) == 1 and latex not in "\\^_" else f"{{{latex}}}"


def matrix(rows: Sequence[str]) -> str:
    """Rows, their cells already between `&`, one below the other."""
    return rf"\begin{{matrix}} {ROW_END.join(rows)} \end{{matrix}}"


@lru_cache(4096)
def _symbol(character: str) -> str:
    if character.isascii() and character not in _SYMBOLS:
        return {"\\": r"\backslash ", "{": r"\{", "}": r"\}", "^": r"\hat{}", "~": r"\sim "}.get(character, character)
    found = _SYMBOLS.get(character)
    if found is not None:
        return f"{found} " if found[:1] == "\\" and found[-1:].isalpha() else found
    plain = unicodedata.normalize("NFKC", character) if "\U0001d400" <= character <= "\U0001d7ff" else character
    if plain in _LIKE_LATIN:
        return _LIKE_LATIN[plain]
    greek = _GREEK.match(unicodedata.name(plain, "")) if len(plain) == 1 else None
    if greek:
        name = {"LAMDA": "lambda", "FINAL": "sigma"}.get(greek[2], greek[2].lower())
        return f"\\{name.capitalize() if greek[1] == 'CAPITAL' else name} "
    variant = {"ϵ": r"\epsilon ", "ϕ": r"\phi ", "ϑ": r"\vartheta ", "ϱ": r"\varrho ", "ϖ": r"\varpi "}
    return variant.get(character, plain)
