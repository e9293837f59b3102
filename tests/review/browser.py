"""A headless Chromium, driven through its DevTools protocol.

with Browser(tmp_path, width=1280, height=800) as browser:
    browser.open(server.url)
    browser.wait("document.documentElement.dataset.ready")
    browser.press("a")
    browser.errors                  # what the console showed as errors, and exceptions
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
LIMIT_S = 30.0
CODES = {"Backspace": 8, "Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40}


def find_chromium() -> str | None:
    """The program, if there is one."""
    wanted = os.environ.get("PRODA_CHROMIUM")
    return wanted or next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """One tab. Every call waits for the answer."""

    def __init__(self, folder: Path, *, width: int = 1360, height: int = 850, dark: bool = False, phone: bool = False) -> None:
        self.folder, self.size, self.dark, self.phone = folder, (width, height), dark, phone
        self.errors: list[str] = []
        self.refusals: list[str] = []  # answers of the server other than 200
        self.requests: list[str] = []
        self._number = 0
        self._answers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        program = find_chromium()
        assert program is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        options = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-ipc-flooding-protection",  # a test follows links faster than a person
            "--remote-debugging-port=0",
            f"--user-data-dir={self.folder / 'profile'}",
        ]
        options += [
            "--no-first-run",
            "--disable-extensions",
            "--disable-background-networking",
            "--force-color-profile=srgb",
            "about:blank",
        ]
        self._process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._loop = asyncio.new_event_loop()
        try:
            self._loop.run_until_complete(self._connect())
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):
            self._loop.run_until_complete(self._session.close())
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        self._loop.close()

    async def _connect(self) -> None:
        port_file = self.folder / "profile" / "DevToolsActivePort"
        until = time.monotonic() + LIMIT_S
        while not port_file.is_file() or len(port_file.read_text().split()) < 2:
            assert time.monotonic() < until and self._process.poll() is None, "Chromium did not start."
            await asyncio.sleep(0.05)
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://127.0.0.1:{port_file.read_text().split()[0]}/json/list") as found:
            (page,) = [target for target in await found.json() if target["type"] == "page"]
        self._socket = await self._session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0)
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self._send(f"{domain}.enable")
        width, height = self.size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2 if self.phone else 1, "mobile": self.phone}
        await self._send("Emulation.setDeviceMetricsOverride", **metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if self.dark else "light"}
        await self._send("Emulation.setEmulatedMedia", features=[scheme])

    async def _send(self, method: str, **params: Any) -> Any:
        self._number += 1
        number = self._number
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while number not in self._answers:
            self._take(await self._socket.receive_json(timeout=LIMIT_S))
        answer = self._answers.pop(number)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def _take(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        if "id" in message:
            self._answers[message["id"]] = message
        elif message["method"] == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"].get("exception", params["exceptionDetails"])))
        elif message["method"] == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.errors.append(str(params["args"]))
        elif message["method"] == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            answered = params["entry"].get("source") == "network" and "the server responded with a status" in params["entry"]["text"]
            (self.refusals if answered else self.errors).append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif message["method"] == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def call(self, method: str, **params: Any) -> Any:
        """Send one command of the protocol and return its result."""
        return self._loop.run_until_complete(self._send(method, **params))

    def open(self, url: str) -> None:
        """Load a page and wait for it to be ready for the keyboard."""
        self.call("Page.navigate", url=url)
        self.wait("location.href !== 'about:blank' && document.documentElement?.dataset.ready")

    def eval(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until a JavaScript expression is true. Raises AssertionError at the first error of the page."""
        until = time.monotonic() + LIMIT_S
        while not self.eval(f"Boolean({expression})"):
            assert not self.errors, self.errors
            assert time.monotonic() < until, f"Not so after {LIMIT_S} s: {expression}\n{self.text('body')}"
            time.sleep(0.02)

    def press(self, key: str, *, ctrl: bool = False) -> None:
        """Press a key, as a keyboard does: a letter is typed where a field has the focus."""
        code = CODES.get(key, ord(key.upper()) if len(key) == 1 else 0)
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 2 if ctrl else 8 if key.isupper() and len(key) == 1 else 0}
        typed = {} if ctrl or not text else {"text": text}
        self.call("Input.dispatchKeyEvent", type="keyDown" if typed else "rawKeyDown", **common, **typed)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text: str) -> None:
        """Type text into the field that has the focus."""
        self.call("Input.insertText", text=text)

    def text(self, selector: str) -> str:
        """The visible text of the first element that a selector finds; empty if there is none."""
        return str(self.eval(f"document.querySelector({selector!r})?.innerText ?? ''"))

    def screenshot(self, path: Path) -> None:
        """Save what the tab shows as a PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
