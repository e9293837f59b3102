"""Text of a document as data in a message: between marks that the text cannot hold.

    marked("passage", "Heat flows …")       # "<<passage 5b1e09c2fa>>\nHeat flows …\n<</passage 5b1e09c2fa>>"

The mark is a hash of the text, so a document cannot close it, and the same text always has the same message. The control tokens of chat
templates ("<|im_end|>") are broken up, because some servers read them in the text too.
"""

from __future__ import annotations

import hashlib
import re

_CONTROL = re.compile(r"<\||\|>|</?s>|\[/?INST\]|</?(?:start|end)_of_turn>|</?think>|<</?SYS>>", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")


def harmless(text: str) -> str:
    """The text with control tokens broken up by a blank, and characters that nobody sees as blanks."""
    return _UNSEEN.sub(" ", _CONTROL.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text))


def marked(label: str, text: str) -> str:
    """The text between its marks. A quote from a passage that `harmless` has changed is not found in the source, and so refused."""
    clean = harmless(text)
    mark = hashlib.sha256(f"{label}\0{clean}".encode()).hexdigest()[:10]
    while mark in clean:
        mark = hashlib.sha256(mark.encode()).hexdigest()[:10]
    return f"<<{label} {mark}>>\n{clean}\n<</{label} {mark}>>"
