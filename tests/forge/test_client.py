"""The clients of GitHub and GitLab against a loopback server, with the faults of real ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proda.forge.calls import merged_text
from proda.forge.client import Client, connect
from proda.forge.place import ForgeError, Kind, Place
from tests.forge.server import PERSON, REPOSITORY, SLOW, TOKEN, Forge, serving

pytest.importorskip("github")
pytest.importorskip("gitlab")
MARKER = "<!-- marker -->"


@pytest.fixture
def forge() -> Iterator[Forge]:
    with serving(Forge()) as served:
        yield served


def client_of(forge: Forge, kind: Kind = "github", token: str = TOKEN, timeout_s: int = 20) -> Client:
    place = Place(kind, forge.address, REPOSITORY, "127.0.0.1", "THE_TOKEN")
    return connect(place, {"THE_TOKEN": token}, wait_s=0.01, timeout_s=timeout_s)


@pytest.fixture(params=["github", "gitlab"])
def client(forge: Forge, request: pytest.FixtureRequest) -> Client:
    if request.param == "gitlab":
        forge.user = dict(PERSON)
    return client_of(forge, request.param)


def posted(forge: Forge) -> list[str]:
    return [comment["body"] for comment in forge.comments.get(12, [])]


def test_a_comment_is_written_once_and_then_updated(forge: Forge, client: Client) -> None:
    forge.comment(12, "What a nice change", PERSON)
    first = client.put_comment(12, MARKER, f"{MARKER}\none")
    assert client.put_comment(12, MARKER, f"{MARKER}\ntwo") == first and first.startswith("https://")
    assert posted(forge) == ["What a nice change", f"{MARKER}\ntwo"]
    before = len(forge.calls)
    client.put_comment(12, MARKER, f"{MARKER}\ntwo")
    assert not [method for method, _ in forge.calls[before:] if method != "GET"]  # the same text is not sent again


def test_a_comment_of_another_person_with_the_marker_is_not_overwritten(forge: Forge, client: Client) -> None:
    forge.comment(12, f"{MARKER}\ncopied", {"login": "eve", "id": 3, "type": "User"})
    client.put_comment(12, MARKER, f"{MARKER}\nours")
    assert posted(forge) == [f"{MARKER}\ncopied", f"{MARKER}\nours"]


def test_a_comment_is_found_behind_many_others(forge: Forge, client: Client) -> None:
    for number in range(70):
        forge.comment(12, f"comment {number}", PERSON)
    client.put_comment(12, MARKER, f"{MARKER}\none")
    client.put_comment(12, MARKER, f"{MARKER}\ntwo")
    assert len(posted(forge)) == 71 and posted(forge)[-1].endswith("two")


def test_a_person_with_a_token_of_their_own_updates_their_comment(forge: Forge) -> None:
    forge.user = dict(PERSON)
    for text in ("one", "two"):
        client_of(forge).put_comment(12, MARKER, f"{MARKER}\n{text}")
    assert posted(forge) == [f"{MARKER}\ntwo"]


def test_a_request_is_opened_once_and_then_updated_around_what_people_wrote(forge: Forge, client: Client) -> None:
    first = client.open_request("repair/round-1", "main", "Repair", "<!-- a -->\none\n<!-- b -->")
    assert first.new
    (pull,) = forge.pulls
    pull["body"] = pull["description"] = f"Please look at the third patch.\n\n{pull['body']}\n\n- [x] read"
    again = client.open_request("repair/round-1", "main", "Repair", "<!-- a -->\ntwo\n<!-- b -->")
    assert (again.number, again.new, again.url) == (first.number, False, first.url)
    assert forge.pulls[0]["body"] == "Please look at the third patch.\n\n<!-- a -->\ntwo\n<!-- b -->\n\n- [x] read"
    assert len(forge.pulls) == 1


def test_a_request_that_exists_and_is_not_listed_at_first_is_updated(forge: Forge, client: Client) -> None:
    first = client.open_request("b", "main", "T", "<!-- a -->\none\n<!-- b -->")
    forge.fail("GET", "/merge_requests" if client.limit > 100_000 else "/pulls", 200, data=[])
    again = client.open_request("b", "main", "T", "<!-- a -->\ntwo\n<!-- b -->")  # the server refuses a second one: 422, or 409
    assert (again.number, again.new) == (first.number, False) and "two" in forge.pulls[0]["body"]


def test_a_text_without_markers_is_kept_above_the_new_one() -> None:
    assert merged_text("By hand.", "<!-- a -->\nx\n<!-- b -->") == "By hand.\n\n<!-- a -->\nx\n<!-- b -->"
    assert merged_text("", "<!-- a -->\nx\n<!-- b -->") == "<!-- a -->\nx\n<!-- b -->"


def test_a_server_that_fails_for_a_moment_is_asked_again_and_nothing_is_written_twice(forge: Forge, client: Client) -> None:
    ends = "/notes" if client.limit > 100_000 else "/comments"
    forge.fail("POST", ends, 500, done=True)  # written, and the answer was lost
    client.put_comment(12, MARKER, f"{MARKER}\none")
    assert posted(forge) == [f"{MARKER}\none"]
    ends = "/merge_requests" if client.limit > 100_000 else "/pulls"
    forge.fail("POST", ends, 502, done=True)
    assert client.open_request("b", "main", "T", "x\ny").number == 21 and len(forge.pulls) == 1


def test_a_server_that_keeps_failing_is_named_after_three_tries(forge: Forge, client: Client) -> None:
    forge.fail("GET", "/12", 500, 503, 500)
    with pytest.raises(ForgeError, match=r"The server answered 500, in each of 3 tries. Nothing here is lost"):
        client.put_comment(12, MARKER, f"{MARKER}\none")
    client.put_comment(12, MARKER, f"{MARKER}\none")
    assert posted(forge) == [f"{MARKER}\none"]


def test_a_slow_server_is_asked_again(forge: Forge) -> None:
    forge.fail("GET", "/12", SLOW)
    client = client_of(forge, timeout_s=1)
    assert client.head(12) == "a" * 40 and len(forge.calls) == 2


def test_a_server_that_cannot_be_reached_is_named(forge: Forge) -> None:
    place = Place("github", "http://127.0.0.1:9", REPOSITORY, "127.0.0.1", "THE_TOKEN")
    with pytest.raises(ForgeError, match=r"The server cannot be reached, in each of 3 tries"):
        connect(place, {"THE_TOKEN": TOKEN}, wait_s=0.01).head(12)


def test_a_wrong_token_a_wrong_number_and_a_refusal_are_told_apart(forge: Forge, client: Client) -> None:
    kind: Kind = "gitlab" if client.limit > 100_000 else "github"
    with pytest.raises(ForgeError, match=r"The token in THE_TOKEN is refused") as wrong:
        client_of(forge, kind, token="old").head(12)
    assert "old" not in str(wrong.value).replace("token", "")
    with pytest.raises(ForgeError, match=r"Not found: (pull|merge) request 99"):
        client.head(99)
    forge.fail("POST", "/pulls" if kind == "github" else "/merge_requests", 403)
    with pytest.raises(ForgeError, match=r"may not write"):
        client.open_request("b", "main", "T", "x")
    forge.fail("POST", "/pulls" if kind == "github" else "/merge_requests", 422)
    with pytest.raises(ForgeError, match=r"refused with status 422: planned"):
        client.open_request("b", "main", "T", "x")


def test_a_workflow_is_started_for_a_branch(forge: Forge) -> None:
    client_of(forge).start("pull-request.yml", "edit", {"number": "12"})
    assert forge.started == [("pull-request.yml", {"ref": "edit", "inputs": {"number": "12"}})]
    with pytest.raises(ForgeError, match=r"Leave --start out"):
        client_of(forge, "gitlab").start("pull-request.yml", "edit", {})
