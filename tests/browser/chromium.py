"""A headless Chromium, spoken to through a pipe in its DevTools protocol, with nothing but Python's own library.

The protocol: https://chromedevtools.github.io/devtools-protocol. With `--remote-debugging-pipe` Chromium reads commands
from file descriptor 3 and writes answers and events to 4, each JSON with a zero byte behind it.
"""

import fcntl
import itertools
import json
import os
import select
import shutil
import subprocess
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"),
    *("--disable-extensions", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe"),
)
PATIENCE = 60  # seconds for an answer, on a machine that is busy
KEYS = {
    **{f"Arrow{way}": 37 + i for i, way in enumerate(("Left", "Up", "Right", "Down"))},
    "Home": 36,
    "End": 35,
    "Enter": 13,
    "Escape": 27,
    " ": 32,
}


def installed():
    """Where Chromium is; None where it is not."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Chromium:
    """One browser with one page; a context manager.

    `errors` has what went wrong in the page, `requests` the addresses that it asked for.
    """

    def __init__(self, path, folder):
        self.path, self.folder = path, folder
        self.errors, self.requests, self.events = [], [], []
        self._numbers = itertools.count(1)
        self._rest = b""
        self._session = None

    def __enter__(self):
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        # Above 9, so that neither is in the way when they become 3 and 4 in the child.
        ends = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (to_browser, from_browser)]

        def become():
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._process = subprocess.Popen(
            [self.path, *FLAGS, f"--user-data-dir={self.folder}", "about:blank"],
            preexec_fn=become,
            pass_fds=(3, 4),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for fd in (to_browser, from_browser, *ends):
            os.close(fd)
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True)
        return self

    def __exit__(self, *exception):
        try:
            self._session = None
            self.send("Browser.close")
            self._process.wait(10)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._in)
            os.close(self._out)

    # the protocol

    def send(self, method, **params):
        """Send a command and wait for its answer."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def wait_for(self, method):
        """Wait for an event."""
        while not any(event["method"] == method for event in self.events):
            self._read()
        self.events = [event for event in self.events if event["method"] != method]

    def _read(self):
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            if not select.select([self._in], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError("Chromium does not answer")
            part = os.read(self._in, 1 << 20)
            if not part:
                raise EOFError("Chromium has gone")
            self._rest += part
        first, self._rest = self._rest.split(b"\0", 1)
        message = json.loads(first)
        if "method" in message:
            self._note(message["method"], message["params"])
            self.events.append(message)
        return message

    def _note(self, method, params):
        if method == "Runtime.exceptionThrown":
            self.errors.append(params["exceptionDetails"]["exception"].get("description"))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.errors.append(str(params["args"]))
        elif method == "Log.entryAdded":
            self.errors.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    # the page

    def open(self, path, width=1300, height=900, scheme="light"):
        """Open a file and wait until it is there."""
        self.errors, self.requests, self.events = [], [], []
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.send("Emulation.setEmulatedMedia", features=features)
        self.send("Page.navigate", url=path.as_uri())
        self.wait_for("Page.loadEventFired")

    def value(self, expression):
        """The value of an expression in the page."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def value_in_frame(self, expression):
        """The value of an expression in a frame of the page that has a process of its own, as a sandboxed one has."""
        while not any(event["method"] == "Target.attachedToTarget" for event in self.events):
            self._read()
        frames = [e["params"]["sessionId"] for e in self.events if e["method"] == "Target.attachedToTarget"]
        page, self._session = self._session, frames[-1]
        try:
            while self.value("document.readyState") != "complete":
                time.sleep(0.05)
            return self.value(expression)
        finally:
            self._session = page

    def middle(self, selector):
        """The middle of an element, scrolled into sight."""
        found = self.value(
            f"(() => {{ const element = document.querySelector({json.dumps(selector)});"
            " element.scrollIntoView({block: 'center'}); const at = element.getBoundingClientRect();"
            " return [at.left + at.width / 2, at.top + Math.min(20, at.height / 2)]; })()"
        )
        return {"x": found[0], "y": found[1]}

    def hover(self, selector):
        """Move the mouse over an element."""
        self.send("Input.dispatchMouseEvent", type="mouseMoved", **self.middle(selector))

    def leave(self):
        """Move the mouse where nothing is."""
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)

    def click(self, selector):
        """Click on an element."""
        at = self.middle(selector)
        self.send("Input.dispatchMouseEvent", type="mouseMoved", **at)
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at)

    def press(self, key, times=1):
        """Press a key."""
        names = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": KEYS[key]}
        text = {"text": {"Enter": "\r", " ": " "}[key]} if key in ("Enter", " ") else {}
        for _ in range(times):
            self.send("Input.dispatchKeyEvent", type="keyDown", **names, **text)
            self.send("Input.dispatchKeyEvent", type="keyUp", **names)
