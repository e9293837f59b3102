"""Licence notes, navigation, cookie notices and publishers' pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from proda.curation.excerpt import Excerpt

if TYPE_CHECKING:
    from proda.document_settings import CurateSettings

_HEADING = re.compile(
    r"(?:acknowledge?ments?|about (?:the )?(?:authors?|editors?|contributors?|openstax|this (?:book|text\w*|resource|edition))"
    r"|copyright(?: notice| page)?|licen[cs](?:e|ing)(?: information)?|attributions?|(?:photo |image |figure )?credits"
    r"|contributors|contributing authors|(?:senior )?reviewers|conflicts? of interest|author contributions|funding"
    r"|privacy policy|terms of (?:use|service)|cookie\w*|how to cite|dedication|colophon|navigation|share this"
    r"|related (?:posts|articles)|leave a (?:reply|comment)|comments|subscribe)\W*$",
    re.IGNORECASE,
)
_LICENCE = (
    r"all rights reserved|©|\bcopyright\b.{0,30}\b(?:19|20)\d\d|creative commons|\bCC[ -]BY\b|licensed under"
    r"|permission of the publisher|access for free at|no part of this (?:book|publication)|under the terms of the"
    r"|public domain mark|download(?:ed)? for free"
)
_COOKIES = (
    r"\b(?:uses?|accept|enable|disable|manage|set) (?:\w+ ){0,3}cookies\b|cookie (?:policy|settings|preferences|consent)"
    r"|privacy policy|terms of (?:use|service)"
)
_NAVIGATION = (
    r"\b(?:skip to (?:main )?content|back to top|(?:previous|next) (?:page|chapter|section|post|article)\b|table of contents"
    r"|log ?in|sign (?:in|up)|share (?:this|on)|follow us|subscribe (?:to|now)|click here|read more|print this page"
    r"|toggle navigation|site ?map|search this site|leave a (?:comment|reply)|view (?:all|more)|home\s*[|>»/])"
    r"|[←→]\s*(?:previous|next)|(?:previous|next)\s*[|»→←]"
)
_PUBLISHER = (
    r"\bISBN\b|\bISSN\b|library of congress|printed in (?:the )?[A-Z]|published by|first (?:edition|published|printing)\b"
    r"|cataloging[- ]in[- ]publication|this (?:book|textbook|module|notebook|document) (?:is|was) (?:part of|available|written"
    r"|created|produced|published|typeset)|\bvisit (?:us at|our web ?site|this (?:web ?)?site|the following (?:web ?)?site)"
    r"|editorial (?:board|office)"
)
_MARKS = {
    "a licence note": re.compile(_LICENCE, re.IGNORECASE),
    "a cookie notice": re.compile(_COOKIES, re.IGNORECASE),
    "navigation": re.compile(_NAVIGATION, re.IGNORECASE),
    "a publisher's page": re.compile(_PUBLISHER, re.IGNORECASE),
}
# At least one of these stands in whatever a pattern above matches; looking for them first is twenty times as fast.
_HINTS = (
    "reserved", "©", "copyright", "commons", "cc by", "cc-by", "licensed", "permission of", "access for free", "no part of",
    "terms of use", "terms of service", "terms of the", "public domain", "for free", "cookie", "privacy", "skip to",
    "back to top", "previous page", "previous chapter", "previous section", "previous post", "previous article", "next page",
    "next chapter", "next section", "next post", "next article", "previous |", "next |", "previous »", "next »", "previous →",
    "next →", "previous ←", "→ next", "← previous", "→next", "←previous", "table of contents", "log in", "login", "sign in",
    "sign up", "share this", "share on", "follow us", "subscribe", "click here", "read more", "print this", "toggle", "sitemap",
    "site map", "search this", "leave a", "view all", "view more", "home |", "home >", "home »", "home/", "home|", "isbn",
    "issn", "library of congress", "printed in", "published by", "first edition", "first published", "first printing",
    "cataloging", "this book is", "this book was", "this textbook", "this module", "this notebook", "this document", "visit us",
    "visit our", "visit this", "visit the following", "editorial",
)  # fmt: skip
MOST = 0.5  # share of the characters in sentences with such a mark
LONGEST_LINK = 80  # characters; "as the previous page showed" stands in longer sentences


def boilerplate(excerpt: Excerpt, _settings: CurateSettings) -> str | None:
    """Text about the publication or the web page, not about its subject: by its heading, or by what most of its sentences say."""
    title = excerpt.title()
    if _HEADING.match(title):
        return f"below the heading {title}"
    if not any(hint in excerpt.lower for hint in _HINTS):
        return None
    total = sum(map(len, excerpt.sentences))
    for what, mark in _MARKS.items():
        found = [s for s in excerpt.sentences if mark.search(s) and (what != "navigation" or len(s) <= LONGEST_LINK)]
        if found and sum(map(len, found)) >= MOST * total:
            return f"{what}: {len(found)} of {len(excerpt.sentences)} sentences"
    return None
