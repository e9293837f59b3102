"""What is told of an error of the operating system, and numbers with their nouns."""

from __future__ import annotations

import errno
import os

import pytest

from proda.errors import counted, system_message


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a.yaml"), "a.yaml\n  No space left on device. Free some space."),
        (OSError(errno.EFBIG, "File too large"), "file system\n  File too large. Free some space."),
        (PermissionError(errno.EACCES, "Permission denied", "a.yaml"), "a.yaml\n  Permission denied. Fix the permissions."),
        (OSError(errno.EROFS, "Read-only file system", "a.yaml"), "a.yaml\n  Read-only file system. Fix the permissions."),
        (FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "a.yaml"), "a.yaml\n  No such file or directory."),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "Connection refused."),
        (OSError("got end of file during message"), "got end of file during message."),
        (TimeoutError(), "TimeoutError."),
    ],
)
def test_the_message_says_where_and_why_and_what_helps_if_that_is_known(error: OSError, expected: str) -> None:
    assert system_message(error) == expected


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (0, "item", "0 items"),
        (1, "item", "1 item"),
        (1200, "item", "1,200 items"),
        (3, "entry", "3 entries"),
        (2, "key", "2 keys"),
        (2, "patch", "2 patches"),
    ],
)
def test_a_number_stands_with_its_noun(count: int, noun: str, text: str) -> None:
    assert counted(count, noun) == text


def test_a_plural_can_be_given() -> None:
    assert (counted(1, "item remains", "items remain"), counted(2, "item remains", "items remain")) == ("1 item remains", "2 items remain")
