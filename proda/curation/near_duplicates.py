"""Chunks → which of them repeat an earlier one, word for word or nearly.

    prints = fingerprints(["The cat sat on the warm mat.", "the cat sat on the warm mat"], max_similarity=0.8)
    repeated(prints, texts, max_similarity=0.8)       # {1: Copy(of=0, similarity=1.0)}

Candidates come from MinHash with locality-sensitive hashing over word 5-grams (Broder 1997); each is then compared exactly, so chance
decides nothing but, with a probability below one in a thousand, whether a pair at the threshold is looked at. Case, punctuation and white
space do not count.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray

PERMUTATIONS = 128
NGRAM = 5
MISSED = 0.001  # probability that a pair at the threshold is no candidate
_SEED = 20_260_115
_TOKEN = re.compile(r"\w+")
_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)


class Fingerprint(msgspec.Struct, frozen=True, gc=False):
    """What has to be known of a chunk to find its copies."""

    exact: str  # hash of its words
    bands: str  # locality-sensitive hashes, eight characters each; empty if it has fewer than five words


class Copy(msgspec.Struct, frozen=True):
    """A chunk repeats an earlier one."""

    of: int  # index of the earlier one
    similarity: float  # Jaccard similarity of the two sets of word 5-grams; 1 if all words are the same


def words_of(text: str) -> list[str]:
    """The words of `text` without case and punctuation."""
    return _TOKEN.findall(text.casefold())


def similarity(a: Sequence[str], b: Sequence[str]) -> float:
    """The Jaccard similarity of the word 5-grams of two lists of words; 0 if one has fewer than five words."""
    first, second = (set(zip(*(words[n:] for n in range(NGRAM)), strict=False)) for words in (a, b))
    return len(first & second) / len(first | second) if first and second else 0.0


def fingerprints(texts: Sequence[str], max_similarity: float) -> list[Fingerprint]:
    """The fingerprint of each text, for comparison at `max_similarity`. Equal on every machine."""
    from rensa import RMinHash

    if not texts:
        return []
    words = [words_of(text) for text in texts]
    grams = [_grams(w) for w in words]
    offsets = np.cumsum([0, *(len(g) for g in grams)]).tolist()
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(np.concatenate(grams), offsets, PERMUTATIONS, _SEED)
    rows = rows_for(max_similarity)
    bands = PERMUTATIONS // rows
    digests = np.array(matrix.to_rows(), dtype=np.uint64)[:, : bands * rows].reshape(len(texts), bands, rows)
    mixed = np.zeros(digests.shape[:2], dtype=np.uint64)
    for n in range(rows):
        mixed = _mix(mixed * _ODD + digests[:, :, n])
    as_bytes = np.ascontiguousarray(mixed.astype("<u8")).view(np.uint8).reshape(*mixed.shape, 8)[:, :, :6]
    return [
        Fingerprint(
            exact=hashlib.sha256(" ".join(w).encode()).hexdigest()[:24],
            bands=base64.b64encode(as_bytes[n].tobytes()).decode() if len(grams[n]) else "",
        )
        for n, w in enumerate(words)
    ]


def rows_for(threshold: float) -> int:
    """How many rows a band has: the most for which a pair at `threshold` shares a band with a probability of 1 - `MISSED` or more."""
    for rows in range(8, 1, -1):
        if (1 - threshold**rows) ** (PERMUTATIONS // rows) <= MISSED:
            return rows
    return 1


def repeated(prints: Sequence[Fingerprint], texts: Sequence[str], max_similarity: float) -> dict[int, Copy]:
    """Index of each chunk that repeats an earlier one → that one, the first such that is no copy itself.

    A chunk is a copy if its words are the same, or if the similarity of the 5-grams is above `max_similarity`. Which of two is the copy
    depends on the order only.
    """
    copies: dict[int, Copy] = {}
    exact: dict[str, int] = {}
    buckets: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    shared = _shared_bands(prints)
    words: dict[int, list[str]] = {}

    def words_at(index: int) -> list[str]:
        if index not in words:
            words[index] = words_of(texts[index])
        return words[index]

    for index, found in enumerate(prints):
        if found.exact in exact:
            copies[index] = Copy(exact[found.exact], 1.0)
            continue
        keys = shared.get(index, ())
        for candidate in sorted({other for key in keys for other in buckets.get(key, ())}):
            alike = similarity(words_at(index), words_at(candidate))
            if alike > max_similarity:
                copies[index] = Copy(candidate, alike)
                break
        else:
            exact[found.exact] = index
            for key in keys:
                buckets[key].append(index)
    return copies


def _shared_bands(prints: Sequence[Fingerprint]) -> dict[int, list[tuple[int, int]]]:
    """Index of a print → its bands, as (place, value), that another print has too. Most have none, so the search above is short."""
    long = [n for n, found in enumerate(prints) if found.bands]
    shared: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    if not long:
        return shared
    values = np.frombuffer("".join(prints[n].bands for n in long).encode(), dtype="<u8").reshape(len(long), -1)
    for place, column in enumerate(values.T):
        order = np.argsort(column, kind="stable")
        ordered = column[order]
        same = ordered[1:] == ordered[:-1]
        twice = np.concatenate([same, [False]]) | np.concatenate([[False], same])
        for row, value in zip(order[twice].tolist(), ordered[twice].tolist(), strict=True):
            shared[long[row]].append((place, value))
    return shared


def _grams(words: Sequence[str]) -> NDArray[np.uint64]:
    """A hash of each run of five words."""
    hashes = np.array([crc32(word.encode()) for word in words], dtype=np.uint64)
    count = max(0, len(words) - NGRAM + 1)
    mixed: NDArray[np.uint64] = np.zeros(count, dtype=np.uint64)
    for n in range(NGRAM):
        mixed = _mix(mixed * _ODD + hashes[n : n + count])
    return mixed


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(30))) * _MIX
    return values ^ (values >> np.uint64(27))
