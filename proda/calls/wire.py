"""One HTTP request to the endpoint: the body of the reply, or what went wrong and what that means.

    async with connected(settings) as wire:
        sent = await wire.send(body)              # bytes, or Trouble(reason="rate-limit", retry=True, wait_s=1.5, ...)

The openai client supplies the headers and an HTTP client on aiohttp. Requests go straight to that HTTP client, because the openai client
takes three times its processor time to build the same requests and to model the replies.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from proda.document_settings import LlmSettings
from proda.errors import InputError, ProdaError, printable

CONNECT_S = 10.0
MOST_DETAIL = 300  # characters of an endpoint's message that are shown
CONTEXT_LENGTH = re.compile(r"context[ _-]?(length|window|size)|too many tokens|prompt is too long|input is too long", re.IGNORECASE)
OTHER_LIMIT_NAME = "max_completion_tokens"


class EndpointError(ProdaError):
    """The endpoint cannot be used: no connection, a wrong key, an unknown model."""


class Trouble(msgspec.Struct, frozen=True):
    """A request that brought no reply."""

    reason: str  # a key of REASONS
    detail: str
    retry: bool = False  # the same request may work later
    wait_s: float | None = None  # the endpoint asks to wait so long
    busy: bool = False  # the endpoint is overloaded
    charged: bool = False  # the endpoint may have done the work, and may charge for it
    unusable: bool = False  # no other request will work either
    other_limit_name: bool = False  # the endpoint calls `max_tokens` max_completion_tokens


def api_key(settings: LlmSettings) -> str:
    """The key from the environment, from the first variable of the settings that is set; "none" for endpoints that need none."""
    variables = settings.key_variables()
    key = next((value for name in variables if (value := os.environ.get(name))), "none").strip()
    if not key.isascii() or not key.isprintable():
        raise InputError(f"{' or '.join(variables)}\n  The key holds characters that no key has. Set it again.")
    return key


def endpoint_address(settings: LlmSettings) -> str:
    """Where the requests go: the setting, else `OPENAI_BASE_URL`, else OpenAI."""
    keys = " or ".join(settings.key_variables())
    address = settings.endpoint or os.environ.get("OPENAI_BASE_URL", "").strip() or "https://api.openai.com/v1"
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        secret = parts.username is not None or parts.password is not None or bool(parts.query)
    except ValueError:
        good, secret = False, False
    if secret:  # the value is not repeated
        raise InputError(f"OPENAI_BASE_URL\n  The address holds a user name, a password or a query. Remove it, and set {keys}.")
    if not good:
        raise InputError(f"OPENAI_BASE_URL\n  Got {printable(address)}, expected an address like http://127.0.0.1:8000/v1.")
    return address.rstrip("/")


class Wire:
    """Sends requests to one endpoint."""

    def __init__(self, client: Any, address: str, headers: Mapping[str, str], key: str, settings: LlmSettings) -> None:
        self._client, self._headers, self._key = client, headers, key
        self._urls: dict[str, Any] = {}
        self._settings = settings
        self._timeout_s = settings.timeout_s or None
        self._extensions = {"timeout": {"connect": CONNECT_S, "read": None, "write": None, "pool": None}}
        self.address = address

    async def send(self, body: bytes, path: str = "chat/completions") -> bytes | Trouble:
        """The body of a reply with status 200, or what went wrong. The key is removed from both. Raises nothing for faults out there."""
        import httpx2

        url = self._urls.get(path)
        if url is None:
            url = self._urls[path] = self._client.build_request("POST", f"{self.address}/{path}").url
        try:
            async with asyncio.timeout(self._timeout_s):
                request = httpx2.Request("POST", url, headers=self._headers, content=body, extensions=self._extensions)
                response = await self._client.send(request)
        except TimeoutError:
            return Trouble("time-out", self._late(), retry=True, busy=True, charged=True)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            return self._lost(error)
        data = self._blotted(response.content)
        if response.status_code == 200:
            return data
        return _refused(response.status_code, response.headers, data, self._settings)

    def _blotted(self, data: bytes) -> bytes:
        """The endpoint's words without the key, which some endpoints repeat in their errors."""
        key = self._key.encode()
        return data.replace(key, b"[key]") if len(key) > 4 and key in data else data

    def _late(self) -> str:
        """What to change when the endpoint is slow rather than gone."""
        named = self._settings.named
        more = f"Raise {named('timeout_s')} or lower {named('concurrency')} in {self._settings.file()} if the endpoint is slow."
        return f"No complete reply within {self._timeout_s:g} s. {more}"

    def _lost(self, error: BaseException) -> Trouble:
        """A connection that failed or broke. The HTTP client calls several of these a time-out, so the first cause decides."""
        import aiohttp

        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
            cause = cause.__cause__ or cause.__context__
        detail = one_line(self._blotted(str(cause or error).encode()).decode() or type(error).__name__)
        if cause is not None:
            return Trouble("connection", f"No connection to {self.address}: {detail}", retry=True, unusable=True)
        return Trouble("connection", f"The connection broke: {detail}", retry=True, charged=True)


@asynccontextmanager
async def connected(settings: LlmSettings) -> AsyncIterator[Wire]:
    """Open the connection pool. Raises InputError if the address or the key in the environment cannot be used."""
    import openai

    address, key = endpoint_address(settings), api_key(settings)
    http = openai.DefaultAioHttpClient(follow_redirects=False)
    client = openai.AsyncOpenAI(base_url=address, api_key=key, http_client=http)
    headers = {name: value for name, value in client.default_headers.items() if isinstance(value, str)} | client.auth_headers
    headers["Accept-Encoding"] = "gzip, deflate"
    try:
        yield Wire(http, address, headers, key, settings)
    finally:
        await client.close()


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait, from `retry-after-ms`, or from `Retry-After` in seconds or as a date. `now` in seconds since 1970."""
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * unit
        except ValueError:
            try:
                seconds = parsedate_to_datetime(value).timestamp() - now
            except (ValueError, OverflowError):
                continue
        if 0.0 <= seconds < float("inf"):
            return seconds
    return None


def one_line(text: str) -> str:
    """Words of an endpoint or a model on one line, cut to MOST_DETAIL characters, safe for a terminal."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= MOST_DETAIL else line[:MOST_DETAIL] + "…"


def _refused(status: int, headers: Mapping[str, str], data: bytes, settings: LlmSettings) -> Trouble:
    """A status other than 200 as what it means."""
    message, code = _error_message(data)
    detail = f"{status}: {message}"
    if status == 429:
        unusable = code == "insufficient_quota"
        return Trouble("rate-limit", detail, retry=not unusable, wait_s=retry_after(headers, time.time()), busy=True, unusable=unusable)
    if status >= 500 or status in (408, 409):
        wait_s = retry_after(headers, time.time())
        return Trouble("server-error", detail, retry=True, wait_s=wait_s, busy=status == 503 or wait_s is not None)
    if status in (400, 413, 422) and (code == "context_length_exceeded" or CONTEXT_LENGTH.search(message)):
        return Trouble("context-length", detail)
    if status == 400 and OTHER_LIMIT_NAME in message:
        return Trouble("rejected", detail, retry=True, other_limit_name=True)
    if 300 <= status < 400:
        return Trouble("rejected", f"{status}: {_redirected(headers)} Set {settings.named('endpoint')} to the address of the API itself.")
    if status in (401, 403):
        hint = f" Set {' or '.join(settings.key_variables())} to a key of this endpoint."
        return Trouble("rejected", detail + hint, unusable=True)
    if status == 404:
        address, model = settings.named("endpoint"), settings.named("model")
        hint = f" Fix {address} (it ends in /v1 for most servers) or {model} in {settings.file()}."
        return Trouble("rejected", detail + hint, unusable=True)
    return Trouble("rejected", detail)


def _redirected(headers: Mapping[str, str]) -> str:
    """Where a reply redirects to, without user, password and parameters."""
    try:
        parts = urlsplit(headers.get("location", ""))
        place = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
    except ValueError:
        place = ""
    return f"The address redirects to {one_line(place)}, and redirects are not followed." if place else "The address redirects elsewhere."


def _error_message(data: bytes) -> tuple[str, str]:
    """The message and the code in the body of an error; the first characters of the body if it is of another form."""
    try:
        error = msgspec.json.decode(data)
        error = error.get("error", error)
        message = error["message"] if isinstance(error, dict) else str(error)
        code = str(error.get("code") or error.get("type") or "") if isinstance(error, dict) else ""
    except (msgspec.MsgspecError, UnicodeDecodeError, AttributeError, KeyError):
        message, code = data.decode(errors="replace"), ""
    return one_line(str(message)), code
