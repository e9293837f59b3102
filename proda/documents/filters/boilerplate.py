"""Licence notes, navigation, cookie notices and publishers' pages."""

from __future__ import annotations

import re

from proda.document_settings import CurateSettings
from proda.documents.excerpt import Excerpt

_HEADING = re.compile(
    r"(?:acknowledge?ments?|about (?:the )?(?:authors?|editors?|contributors?|openstax|this (?:book|text\w*|resource|edition))|copyright(?: notice| page)?"
    r"|licen[cs](?:e|ing)(?: information)?|attributions?|(?:photo |image |figure )?credits|contributors|contributing authors|(?:senior )?reviewers"
    r"|conflicts? of interest|author contributions|funding|privacy policy|terms of (?:use|service)|cookie\w*|how to cite|dedication|colophon"
    r"|navigation|share this|related (?:posts|articles)|leave a (?:reply|comment)|comments|subscribe)\W*$",
    re.IGNORECASE,
)
_MARKS = (
    ("a licence note", re.compile(
        r"all rights reserved|©|\bcopyright\b.{0,30}\b(?:19|20)\d\d|creative commons|\bCC[ -]BY\b|licensed under|permission of the publisher"
        r"|access for free at|no part of this (?:book|publication)|under the terms of the|public domain mark|download(?:ed)? for free", re.IGNORECASE)),
    ("a cookie notice", re.compile(
        r"\b(?:uses?|accept|enable|disable|manage|set) (?:\w+ ){0,3}cookies\b|cookie (?:policy|settings|preferences|consent)|privacy policy"
        r"|terms of (?:use|service)", re.IGNORECASE)),
    ("navigation", re.compile(
        r"\b(?:skip to (?:main )?content|back to top|(?:previous|next) (?:page|chapter|section|post|article)\b|table of contents|log ?in|sign (?:in|up)"
        r"|share (?:this|on)|follow us|subscribe (?:to|now)|click here|read more|print this page|toggle navigation|site ?map|search this site"
        r"|leave a (?:comment|reply)|view (?:all|more)|home\s*[|>»/])|[←→]\s*(?:previous|next)|(?:previous|next)\s*[|»→←]", re.IGNORECASE)),
    ("a publisher's page", re.compile(
        r"\bISBN\b|\bISSN\b|library of congress|printed in (?:the )?[A-Z]|published by|first (?:edition|published|printing)\b|cataloging[- ]in[- ]publication"
        r"|this (?:book|textbook|module|notebook|document) (?:is|was) (?:part of|available|written|created|produced|published|typeset)"
        r"|\bvisit (?:us at|our web ?site|this (?:web ?)?site|the following (?:web ?)?site)|editorial (?:board|office)", re.IGNORECASE)),
)  # fmt: skip
# At least one of these stands in whatever a pattern above matches; looking for them first is twenty times as fast.
_HINTS = (
    "reserved", "©", "copyright", "commons", "cc by", "cc-by", "licensed", "permission of", "access for free", "no part of", "terms of use", "terms of service", "terms of the", "public domain",
    "for free", "cookie", "privacy", "skip to", "back to top", "previous page", "previous chapter", "previous section", "previous post", "previous article", "next page",
    "next chapter", "next section", "next post", "next article", "previous |", "next |", "previous »", "next »", "previous →", "next →", "previous ←", "→ next",
    "← previous", "→next", "←previous", "table of contents", "log in", "login", "sign in", "sign up", "signin",
    "signup", "share this", "share on", "follow us", "subscribe", "click here", "read more", "print this", "toggle", "sitemap", "site map", "search this",
    "leave a", "view all", "view more", "home |", "home >", "home »", "home/", "isbn", "issn", "library of congress", "printed in", "published by", "first edition", "first published", "first printing", "cataloging", "this book",
    "this textbook", "this module", "this notebook", "this document", "visit ", "editorial",
)  # fmt: skip
MOST = 0.5
LONGEST_LINK = 80  # characters; "as the previous page showed" stands in longer sentences


def boilerplate(excerpt: Excerpt, _settings: CurateSettings) -> str | None:
    """Text about the publication or the web page, not about its subject: by its heading, or by what most of its sentences say."""
    title = excerpt.title()
    if _HEADING.match(title):
        return f"below the heading {title}"
    if not any(hint in excerpt.lower for hint in _HINTS):
        return None
    total = sum(map(len, excerpt.sentences))
    for what, mark in _MARKS:
        if not mark.search(excerpt.prose):
            continue
        found = [s for s in excerpt.sentences if mark.search(s) and (what != "navigation" or len(s) <= LONGEST_LINK)]
        if sum(map(len, found)) >= MOST * total:
            return f"{what}: {len(found)} of {len(excerpt.sentences)} sentences"
    return None
