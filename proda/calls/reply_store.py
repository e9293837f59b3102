"""build/replies/: every valid reply, one file each, so that no question is paid for twice.

    build/replies/3f/3f2a….json    {"key": "3f2a…", "tags": ["physics/heat-pumps"], "stage": "chains", "prompt": "chains@3", "model": "…",
                                    "mode": "tools", "input_tokens": 812, "output_tokens": 96, "tries": 1, "digest": "…", "reply": "{…}"}
    build/replies/modes/91….json   the mode that an endpoint and a model answer in
    build/replies/spent.jsonl      one line for each request that cost something, see spending.py

The folder can be shared: copy it, or let `PRODA_REPLIES` name a folder that several repositories use. It holds replies and token counts,
and neither an address nor a key. A name is a hash of what was asked (rendering.py), so folders can be merged by copying.

A file is written under a temporary name and renamed, so a killed process leaves a whole file or none. It is not flushed to the disk: after
a power failure a file may be damaged, and a damaged file counts as missing. `digest` shows damage. `.lock` in each folder of replies is
held while a reply is read and replaced, so that tags of several processes all stay.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from filelock import FileLock

from proda.store.files import refuse_outside

FOLDER = "build/replies"
_PATIENCE_S = 60.0  # a lock is held for milliseconds; a process that was stopped while it held one must not stop all others
STALE_S = 3600.0  # age from which a temporary file belongs to a process that was killed


class StoredReply(msgspec.Struct, frozen=True):
    """A valid reply and what it cost."""

    key: str
    tags: tuple[str, ...]
    stage: str
    prompt: str
    model: str
    mode: str
    input_tokens: int
    output_tokens: int
    tries: int
    reply: str  # the JSON as the model wrote it; validated again each time it is read
    digest: str = ""

    def sealed(self) -> StoredReply:
        """The same, with its digest."""
        return msgspec.structs.replace(self, digest=self._digest())

    def intact(self, key: str) -> bool:
        """Whether this is the whole reply to the question of that key."""
        return self.key == key and self.digest == self._digest()

    def _digest(self) -> str:
        return hashlib.sha256(msgspec.json.encode((self.key, self.input_tokens, self.output_tokens, self.tries, self.reply))).hexdigest()[
            :16
        ]


class EndpointHabits(msgspec.Struct, frozen=True):
    """How an endpoint wants to be asked."""

    mode: str
    limit_name: str = "max_tokens"


def replies_folder(root: Path) -> Path:
    """The folder of the replies: `PRODA_REPLIES`, or build/replies of the repository at `root`."""
    shared = os.environ.get("PRODA_REPLIES")
    return Path(shared) if shared else root / FOLDER


class ReplyStore:
    """Replies by key. Several processes may use one folder at the same time."""

    def __init__(self, root: Path) -> None:
        self.folder = replies_folder(root)
        refuse_outside(self.folder)
        self._base = str(self.folder)  # plain names: pathlib would take a third of the time of storing a reply
        self._made: set[str] = set()

    def find(self, key: str) -> StoredReply | None:
        """The reply of that key; None if there is none, or if its file is damaged."""
        try:
            with open(self._path(key), "rb") as file:
                found = _DECODER.decode(file.read())
        except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
            return None
        return found if found.intact(key) else None

    def put(self, reply: StoredReply) -> None:
        """Store a reply. An older one of the same key is replaced, and its tags are kept."""
        path = self._path(reply.key)
        with self._lock(path):
            old = self.find(reply.key)
            tags = tuple(sorted({*reply.tags, *(old.tags if old else ())} - {""}))
            self._write(path, msgspec.json.encode(msgspec.structs.replace(reply, tags=tags).sealed()))

    def add_tag(self, reply: StoredReply, tag: str) -> None:
        """Note that a document with this tag uses the reply too, so that `forget` finds it."""
        if tag and tag not in reply.tags:
            self.put(msgspec.structs.replace(reply, tags=(*reply.tags, tag)))

    def replies(self) -> Iterator[StoredReply]:
        """Every undamaged reply, sorted by key."""
        for path in sorted(self.folder.glob("[0-9a-f][0-9a-f]/*.json")):
            found = self.find(path.stem)
            if found is not None:
                yield found

    def forget(self, tag: str) -> int:
        """Delete the replies of one tag; returns how many. A reply that other tags share is deleted too, and will be asked again."""
        gone = 0
        for path in self.folder.glob("[0-9a-f][0-9a-f]/*.json"):
            with self._lock(str(path)):
                found = self.find(path.stem)
                if found is None or tag in found.tags:  # a damaged file is of no use, and its tags cannot be read
                    path.unlink(missing_ok=True)
                    gone += found is not None
        return gone

    def habits(self, endpoint: str, model: str) -> EndpointHabits | None:
        """What an earlier probe found; None if there was none."""
        try:
            return msgspec.json.decode(Path(self._habits_path(endpoint, model)).read_bytes(), type=EndpointHabits)
        except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def keep_habits(self, endpoint: str, model: str, habits: EndpointHabits | None) -> None:
        """Remember what a probe found; None forgets it."""
        path = self._habits_path(endpoint, model)
        if habits is None:
            Path(path).unlink(missing_ok=True)
        else:
            self._write(path, msgspec.json.encode(habits))

    def sweep(self) -> None:
        """Delete temporary files that killed processes left."""
        for path in self.folder.glob("*/.*.tmp"):
            try:
                if time.time() - path.stat().st_mtime > STALE_S:
                    path.unlink()
            except FileNotFoundError:
                continue

    def _path(self, key: str) -> str:
        return f"{self._base}/{key[:2]}/{key}.json"

    def _habits_path(self, endpoint: str, model: str) -> str:
        """Named by a hash, so that a shared folder does not show the address."""
        name = hashlib.sha256(f"{endpoint} {model}".encode()).hexdigest()[:16]
        return f"{self._base}/modes/{name}.json"

    def _lock(self, path: str) -> FileLock:
        """A lock on the replies that have the folder of `path`, for all processes."""
        return FileLock(f"{self._folder(path)}/.lock", timeout=_PATIENCE_S)

    def _folder(self, path: str) -> str:
        """The folder of a file; made if it does not exist."""
        folder = path.rpartition("/")[0]
        if folder not in self._made:
            os.makedirs(folder, exist_ok=True)
            self._made.add(folder)
        return folder

    def _write(self, path: str, data: bytes) -> None:
        folder, name = self._folder(path), path.rpartition("/")[2]
        temporary = f"{folder}/.{name}.{os.getpid()}.tmp"
        try:
            file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            try:
                write_all(file, data)
            finally:
                os.close(file)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise


def write_all(file: int, data: bytes) -> None:
    """Write all bytes to an open file; a write that the disk has no room for takes some of them, and the next raises OSError."""
    while data:
        data = data[os.write(file, data) :]


_DECODER = msgspec.json.Decoder(StoredReply)
