"""The server of the review page, over real HTTP: which requests are allowed, and what they return."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from proda.review.server import FILES, MAX_BODY, ReviewServer
from proda.store.proposals import load_proposals, proposals_path
from tests.reviewworld import CHAINS, SOURCE, key_of, make_review

FIRST, SECOND, THIRD = CHAINS
ADDITION = {
    "quote": "A heat pump carries warmth from a cold garden into a warm house",
    "subject": "heat-flow",
    "relation": "increases",
    "object": "house warmth",
    "text": "The heat flow increases house warmth, since it ends in the rooms.",
    "concepts": [{"term": "house warmth", "type": "state", "definition": "the pleasant temperature of the rooms"}],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_review(tmp_path_factory.mktemp("made"), merges=True)


@pytest.fixture
def server(tmp_path: Path, made: Path) -> Iterator[ReviewServer]:
    root = Path(shutil.copytree(made, tmp_path / "toy"))
    with ReviewServer(root, (SOURCE,)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(
    server: ReviewServer, method: str, name: str, body: Any = None, token: str | None = None, **headers: str | None
) -> tuple[int, Any, Any]:
    """(status, headers, body) of one request as the page sends it; a header that is None is left out."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    given: dict[str, str | None] = {"Host": server.hosts[0]}
    data = None
    if method == "POST":
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given |= {"Origin": f"http://{server.hosts[0]}", "Content-Type": "application/json", "Content-Length": str(len(data))}
    given |= {key.replace("_", "-"): value for key, value in headers.items()}
    connection.putrequest(method, f"/{server.token if token is None else token}/{name}", skip_host=True, skip_accept_encoding=True)
    for key, value in given.items():
        if value is not None:
            connection.putheader(key, value)
    connection.endheaders(data)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, answer.headers, json.loads(text) if text[:1] in (b"{", b"[") else text


def decide(server: ReviewServer, **action: Any) -> tuple[int, Any]:
    version = action.pop("version", None) or ask(server, "GET", f"state?source={SOURCE}")[2]["version"]
    status, _, body = ask(server, "POST", "decide", {"source": SOURCE, "version": version, **action})
    return status, body


def test_it_listens_on_this_machine_only_and_tokens_differ(server: ReviewServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert len(server.token) >= 32
    with ReviewServer(server.root, (SOURCE,)) as other:
        assert other.token != server.token


def test_the_page_and_its_files_are_served_and_nothing_else(server: ReviewServer) -> None:
    for name in FILES:
        status, headers, body = ask(server, "GET", name)
        assert status == 200 and body
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy and "http:" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"
    for name in ("../pyproject.toml", "server.py", "%2e%2e/server.py", "page.js/", "/etc/passwd", "decide", "page.html", ".git/config"):
        assert ask(server, "GET", name)[0] == 404


@pytest.mark.parametrize("token", ["", "x", "%C3%A9"])
@pytest.mark.parametrize("name", ["", "page.js", f"state?source={SOURCE}", "favicon.ico"])
def test_without_the_token_there_is_nothing(server: ReviewServer, token: str, name: str) -> None:
    status, _, body = ask(server, "GET", name, token=token)
    assert status == 403 and "heat" not in str(body)
    shorter = ask(server, "GET", name, token=server.token[:-1])
    assert shorter[0] == 403


def test_a_decision_needs_the_token_too(server: ReviewServer) -> None:
    body = {"type": "reject", "source": SOURCE, "version": "x", "key": key_of("noise"), "reason": "x"}
    assert ask(server, "POST", "decide", body, token="x")[0] == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "", None, "localhost:1"])
def test_another_host_is_refused(server: ReviewServer, host: str | None) -> None:
    """A page of another site whose name points to this machine sends that name."""
    assert ask(server, "GET", "", Host=host)[0] == 421


def test_the_other_name_of_this_machine_is_fine(server: ReviewServer) -> None:
    assert ask(server, "GET", "", Host=server.hosts[1])[0] == 200


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1", "http://127.0.0.1"])
def test_a_decision_from_another_origin_is_refused(server: ReviewServer, origin: str | None) -> None:
    version = ask(server, "GET", f"state?source={SOURCE}")[2]["version"]
    before = (server.root / proposals_path(SOURCE)).read_bytes()
    body = {"type": "reject", "source": SOURCE, "version": version, "key": key_of("noise"), "reason": "x"}
    assert ask(server, "POST", "decide", body, Origin=origin)[0] == 403
    assert (server.root / proposals_path(SOURCE)).read_bytes() == before


def test_a_request_that_another_site_caused_is_refused(server: ReviewServer) -> None:
    assert ask(server, "GET", "", Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(server, "GET", "page.js", Origin="http://evil.example")[0] == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "CONNECT", "BREW"])
def test_other_methods_are_refused(server: ReviewServer, method: str) -> None:
    assert ask(server, method, "")[0] == 405


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_a_form_is_no_decision(server: ReviewServer, kind: str | None) -> None:
    assert ask(server, "POST", "decide", b"{}", Content_Type=kind)[0] == 415


@pytest.mark.parametrize(("length", "status"), [(None, 411), ("-1", 411), ("x", 411), (str(MAX_BODY + 1), 413), ("9" * 30, 413)])
def test_a_body_without_a_length_or_too_long_is_refused_unread(server: ReviewServer, length: str | None, status: int) -> None:
    assert ask(server, "POST", "decide", b"{}", Content_Length=length)[0] == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"type": "accept"}',
        b'{"type": "rm", "source": "a/b", "version": "x"}',
        b'{"type": "undo", "source": "a/b", "version": "x", "more": 1}',
        b'{"type": "accept", "source": 1, "version": "x", "key": "y"}',
        b"\xff\xfe",
        b"[" * 10_000,
    ],
)
def test_a_body_of_another_form_is_refused(server: ReviewServer, body: bytes) -> None:
    status, _, answer = ask(server, "POST", "decide", body)
    assert status == 400 and "Not a decision" in answer["message"]


@pytest.mark.parametrize("source", ["../x", "energy/other", "", "energy/heat-pumps/../../x"])
def test_another_source_is_not_read(server: ReviewServer, source: str) -> None:
    assert ask(server, "GET", f"state?source={source}")[0] == 422
    body = {"type": "undo", "source": source, "version": "x"}
    assert ask(server, "POST", "decide", body)[0] == 422


def test_what_is_not_http_ends_the_connection(server: ReviewServer) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as raw:
        raw.sendall(b"\x16\x03\x01 <script>alert(1)</script>\r\n\r\n")
        assert b"<script>" not in raw.recv(10_000)


def test_the_state_holds_the_source_and_every_proposal(server: ReviewServer) -> None:
    _, _, state = ask(server, "GET", f"state?source={SOURCE}")
    assert state["blocks"][0] == ["heading", "Heat pumps", 1] and ["page", "2", 0] in state["blocks"]
    assert [kind for kind, _ in state["order"]] == ["merge"] * 2 + ["statement"] * 10
    assert (state["decided"], state["total"]) == (0, 12)
    heat = state["statements"][key_of("condensation")]
    block, first, last = heat["place"]
    encoded = state["blocks"][block][1].encode("utf-16-le")
    assert encoded[2 * first : 2 * last].decode("utf-16-le") == heat["quote"] and heat["anchor"] == "page 1, “How one works”"
    assert heat["chains"] == [FIRST, SECOND]
    assert state["concepts"]["air-flow"]["drafted"] and not state["concepts"]["rime"]["drafted"]
    assert state["statements"][key_of("noise")]["unlinked"] == ["compression", "noise"]


def test_a_decision_is_written_and_only_what_changed_comes_back(server: ReviewServer) -> None:
    status, body = decide(server, type="accept", key=key_of("compression"))
    assert status == 200 and list(body["changed"]["statements"]) == [key_of("compression")]
    assert body["changed"]["decided"] == 1 and body["changed"]["undo"] and not body["changed"]["merges"]
    assert load_proposals(server.root, SOURCE).statements[key_of("compression")].status == "accepted"
    status, body = decide(server, type="accept-chain", chain=FIRST)
    assert status == 200 and body["changed"]["chains"][FIRST]["written"]
    status, body = decide(server, type="undo")
    assert status == 200 and not (server.root / f"knowledge/{SOURCE}.yaml").exists()


def test_every_action_of_the_page_is_understood(server: ReviewServer) -> None:
    statement = {"text": "Coil frost decreases air flow, as it fills gaps.", "relation": "decreases", "when": ["in moist air"]}
    concept = {"term": "air flow", "type": "process", "definition": "the movement of air through the fins"}
    for action in (
        {"type": "merge", "index": 0, "decision": "refused", "keep": "energy/coil-frost"},
        {"type": "edit", "key": key_of("airflow"), "statement": statement, "concepts": {"air-flow": concept}, "accept": True},
        {"type": "edit-chain", "chain": THIRD, "edit": {"explains": "why a frosted pump reverses"}},
        {"type": "reject", "key": key_of("condensation"), "reason": "wrong relation"},
        {"type": "shorten", "chain": SECOND, "keys": [key_of(n) for n in ("pressure-drop", "evaporation", "ice")]},
        {"type": "reject-chain", "chain": FIRST, "reason": "too short"},
        {"type": "reopen", "key": FIRST},
        {"type": "reopen", "key": key_of("condensation")},
        {"type": "join", "keys": [key_of(n) for n in ("condensation", "pressure-drop", "evaporation", "ice")], "explains": "why ice grows"},
        {"type": "add", "statement": ADDITION},
    ):
        status, body = decide(server, **action)
        assert status == 200, (action, body)


def test_a_chain_that_is_joined_and_a_statement_that_is_added_come_back_as_news(server: ReviewServer) -> None:
    keys = [key_of(n) for n in ("pressure-drop", "evaporation", "ice", "airflow", "defrost")]
    for chain in (SECOND, THIRD):
        decide(server, type="reject-chain", chain=chain, reason="too short")
    for key in keys:
        decide(server, type="reopen", key=key)
    status, body = decide(server, type="join", keys=keys)
    assert status == 200 and body["note"].startswith("New chain condensation-to-defrost-cycle: how condensation affects")
    assert body["changed"]["chains"]["condensation-to-defrost-cycle"]["added"]
    assert {name for key in keys for name in body["changed"]["statements"][key]["chains"]} == {"condensation-to-defrost-cycle"}
    status, body = decide(server, type="add", statement=ADDITION)
    ((key, added),) = body["changed"]["statements"].items()
    assert status == 200 and added["added"] and added["place"] == [1, 0, 63] and body["changed"]["total"] == 13
    assert body["changed"]["concepts"]["house-warmth"]["definition"] == "the pleasant temperature of the rooms"
    status, body = decide(server, type="undo")
    assert body["note"] == f"Undone: add {key}." and body["changed"]["statements"] == {key: None}


def test_what_does_not_fit_comes_back_beside_its_statement_or_field(server: ReviewServer) -> None:
    before = (server.root / proposals_path(SOURCE)).read_bytes()
    status, body = decide(server, type="join", keys=[key_of(n) for n in ("compression", "ice", "defrost")])
    assert status == 422 and [r["statement"] for r in body["remarks"]] == [key_of("ice"), key_of("defrost")]
    status, body = decide(server, type="add", statement={**ADDITION, "quote": "nowhere at all", "relation": "helps"})
    assert status == 422 and [r["field"] for r in body["remarks"]] == ["quote", "relation"]
    for wrong in ({"concepts": [{"term": "x", "type": "animal", "definition": "y"}]}, {"span": [1, 2]}, {"quote": 3}):
        status, body = decide(server, type="add", statement={**ADDITION, **wrong})
        assert status == 400 and "Not a decision" in body["message"]
    assert decide(server, type="join", keys=["x"] * 101)[0] == 400
    assert (server.root / proposals_path(SOURCE)).read_bytes() == before


def test_concepts_are_found_by_name_as_they_are_now(server: ReviewServer) -> None:
    def found(words: str) -> Any:
        return ask(server, "GET", f"concepts?source={SOURCE}&words={quote(words)}")[2]

    assert found("Heat  Flow")["exact"] == "heat-flow" and found("heat f")["exact"] == ""
    assert [c["id"] for c in found("loaf soft")["found"]] == ["ovens/loaf-softness"] and found("loaf softness")["exact"] == ""
    assert found("ovens/loaf-softness")["exact"] == "ovens/loaf-softness" and found("house warmth")["found"] == []
    assert decide(server, type="add", statement=ADDITION)[0] == 200
    assert found("house warmth")["exact"] == "house-warmth" and len(found("")["found"]) == 8
    assert ask(server, "GET", "concepts?source=energy/other&words=x")[0] == 422


def test_a_refusal_tells_the_field_and_an_edit_is_kept(server: ReviewServer) -> None:
    statement = {"text": "Coil frost decreases air flow, as it fills gaps.", "relation": "decreases", "subject_as": "it"}
    status, body = decide(server, type="edit", key=key_of("airflow"), statement=statement, concepts={}, accept=True)
    assert status == 422 and body["message"].startswith("The edit is saved.")
    assert [(r["statement"], r["field"]) for r in body["remarks"]] == [(key_of("airflow"), "subject_as")]
    assert body["changed"]["statements"][key_of("airflow")]["subject_as"] == "it"
    assert load_proposals(server.root, SOURCE).statements[key_of("airflow")].status == "proposed"


def test_two_tabs_do_not_overwrite_each_other(server: ReviewServer) -> None:
    version = ask(server, "GET", f"state?source={SOURCE}")[2]["version"]
    assert decide(server, type="accept", key=key_of("compression"), version=version)[0] == 200
    status, body = decide(server, type="reject", key=key_of("compression"), reason="x", version=version)
    assert status == 409 and "Nothing was written" in body["message"]
    assert load_proposals(server.root, SOURCE).statements[key_of("compression")].status == "accepted"
    assert decide(server, type="reject", key=key_of("noise"), reason="x")[0] == 200


def test_a_file_that_changed_on_disk_is_a_conflict_and_then_shown_as_it_is(server: ReviewServer) -> None:
    version = ask(server, "GET", f"state?source={SOURCE}")[2]["version"]
    path = server.root / proposals_path(SOURCE)
    path.write_text(path.read_text().replace("how a heat pump warms a room", "how a heat pump warms a hall"))
    before = path.read_bytes()
    assert decide(server, type="reject", key=key_of("noise"), reason="x", version=version)[0] == 409
    assert path.read_bytes() == before
    assert ask(server, "GET", f"state?source={SOURCE}")[2]["chains"][FIRST]["explains"] == "how a heat pump warms a hall"


def test_decisions_at_the_same_time_are_all_written_or_told(server: ReviewServer) -> None:
    keys = [key_of(name) for name in ("compression", "noise", "comfort", "ice", "airflow", "defrost")]
    results: dict[str, int] = {}

    def reject(key: str) -> None:
        while (status := decide(server, type="reject", key=key, reason="x")[0]) == 409:
            pass
        results[key] = status

    threads = [threading.Thread(target=reject, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == dict.fromkeys(keys, 200)
    read = load_proposals(server.root, SOURCE)
    assert {key for key, s in read.statements.items() if s.status == "rejected"} == set(keys)


def test_proposals_that_are_damaged_are_a_message(server: ReviewServer) -> None:
    (server.root / proposals_path(SOURCE)).write_text("source: [\n")
    status, _, body = ask(server, "GET", f"state?source={SOURCE}")
    assert status == 422 and "heat-pumps.yaml" in body["message"]
