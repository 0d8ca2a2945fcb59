"""One headless Chromium with several people in it, each in a context of their own."""

import base64
import json
import os
import select
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.report.page_chromium import FLAGS, find

OURS = [flag for flag in FLAGS if not flag.startswith("--host-resolver-rules")]
RULES = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
KEYS = {"ArrowRight": 39, "ArrowLeft": 37, "Enter": 13, "Escape": 27}


class Browser:
    """The browser, driven over a pipe."""

    def __init__(self, profile: Path) -> None:
        there, self._write = os.pipe()
        self._read, back = os.pipe()

        def ends() -> None:  # Chromium reads from descriptor 3 and writes to 4
            for end, number in ((os.dup(there), 3), (os.dup(back), 4)):
                os.dup2(end, number)

        self._process = subprocess.Popen(
            [str(find()), *OURS, RULES, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=ends, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(there)
        os.close(back)
        self._buffer, self._count = b"", 0
        self._people: dict[str, Person] = {}

    def __enter__(self) -> "Browser":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._process.terminate()
        self._process.wait(20)
        os.close(self._write)
        os.close(self._read)

    def person(self, width: int = 1280, height: int = 900) -> "Person":
        """A tab in a context of its own: other cookies, other storage."""
        context = self.call("", "Target.createBrowserContext")["browserContextId"]
        target = self.call("", "Target.createTarget", url="about:blank", browserContextId=context)
        found = self.call("", "Target.attachToTarget", targetId=target["targetId"], flatten=True)
        person = Person(self, found["sessionId"], target["targetId"], width, height)
        self._people[found["sessionId"]] = person
        return person

    def call(self, session: str, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], 60)[0]:
                raise TimeoutError("Chromium says nothing")
            part = os.read(self._read, 1 << 20)
            if not part:
                raise RuntimeError("Chromium has ended")
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        person = self._people.get(message.get("sessionId", ""))
        if person is not None:
            person.note(message)
        return message


class Person:
    """One person's tab; remembers requests and what the console complained of."""

    def __init__(self, browser: Browser, session: str, target: str, width: int, height: int):
        self._browser, self._session, self.target = browser, session, target
        self.requests: list[str] = []
        self.problems: list[str] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.size(width, height)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.call(self._session, method, **params)

    def size(self, width: int, height: int, *, dark: bool = False) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str) -> None:
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)

    def close(self) -> None:
        """Close the tab, as a person does; its storage stays."""
        self._browser.call("", "Target.closeTarget", targetId=self.target)

    def js(self, code: str) -> Any:
        found = self.call("Runtime.evaluate", expression=code, returnByValue=True,
                          awaitPromise=True)  # fmt: skip
        if "exceptionDetails" in found:
            raise RuntimeError(f"{code}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def wait(self, code: str, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                if self.js(f"!!({code})"):
                    return
            except RuntimeError:
                if time.monotonic() > end:  # while a page is left, its script is gone
                    raise
            if time.monotonic() > end:
                shown = self.js(
                    "document.body.innerText.slice(0, 400) + JSON.stringify(localStorage)"
                )
                raise TimeoutError(f"{code}; {self.problems}; {self.requests[-8:]}; {shown}")
            time.sleep(0.03)

    def press(self, key: str) -> None:
        """Press and release a key."""
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        code = {"windowsVirtualKeyCode": KEYS[key]} if key in KEYS else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text, **code)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, **code)

    def screenshot(self, file: Path, *, whole: bool = False) -> None:
        clip = {}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"clip": {**size, "x": 0, "y": 0, "scale": 1}, "captureBeyondViewport": True}
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", **clip)["data"]))

    def note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif message.get("method") == "Runtime.exceptionThrown":
            self.problems.append(str(params["exceptionDetails"]))
        elif message.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.problems.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
