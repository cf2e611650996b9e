"""Headless Chromium, spoken to over its DevTools protocol."""

import base64
import json
import pathlib
import shutil
import subprocess
import tempfile
import time

import websocket

DEADLINE_S = 60


class Browser:
    """One Chromium with a profile of its own, gone at the end."""

    def __init__(self):
        program = shutil.which("chromium")
        assert program, "chromium is missing; on Debian: apt-get install chromium"
        self.profile = tempfile.TemporaryDirectory(prefix="hello-chromium-", ignore_cleanup_errors=True)
        self.process = subprocess.Popen(
            [
                program,
                "--headless",
                "--no-sandbox",  # Chromium's own does not start as root
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--remote-debugging-port=0",
                f"--user-data-dir={self.profile.name}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self.socket = self._connect()
        except BaseException:
            self.stop()
            raise
        self.last_id = 0
        self.events = []

    def _connect(self):
        ready = pathlib.Path(self.profile.name) / "DevToolsActivePort"
        deadline = time.monotonic() + DEADLINE_S
        while True:
            lines = ready.read_text().splitlines() if ready.exists() else []
            if len(lines) == 2:
                break
            assert self.process.poll() is None, f"chromium ended with {self.process.returncode}"
            assert time.monotonic() < deadline, "chromium did not open its DevTools port"
            time.sleep(0.05)
        # Chromium refuses a connection that names an origin.
        return websocket.create_connection(
            f"ws://127.0.0.1:{lines[0]}{lines[1]}", timeout=DEADLINE_S, suppress_origin=True
        )

    def call(self, method, session=None, **params):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self.socket.send(json.dumps(message))
        while True:
            response = json.loads(self.socket.recv())
            if response.get("id") == self.last_id:
                assert "error" not in response, f"{method}: {response['error']}"
                return response["result"]
            self.events.append(response)

    def wait_for(self, method, session):
        while True:
            for event in self.events:
                if event["method"] == method and event.get("sessionId") == session:
                    return
            self.events.append(json.loads(self.socket.recv()))

    def open(self, path, width, scheme):
        return Page(self, path, width, scheme)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.profile.cleanup()


class Page:
    """A loaded page, and what it asked for and complained about on its way."""

    def __init__(self, browser, path, width, scheme):
        self.browser = browser
        self.width = width
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        self.url = path.resolve().as_uri()
        browser.events.clear()
        self.call("Page.navigate", url=self.url)
        browser.wait_for("Page.loadEventFired", self.session)
        # A frame later everything that the page wants has been asked for.
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def call(self, method, **params):
        return self.browser.call(method, session=self.session, **params)

    def run(self, expression):
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done.get("exceptionDetails")
        return done["result"].get("value")

    def _events(self, method):
        return [
            event["params"]
            for event in self.browser.events
            if event["method"] == method and event.get("sessionId") == self.session
        ]

    def complaints(self):
        return (
            [event for event in self._events("Runtime.consoleAPICalled")]
            + [event for event in self._events("Runtime.exceptionThrown")]
            + [event["entry"] for event in self._events("Log.entryAdded")]
        )

    def requests(self):
        """Everything that it asked for beside itself and what it carries."""
        urls = [event["request"]["url"] for event in self._events("Network.requestWillBeSent")]
        return [url for url in urls if url != self.url and not url.startswith("data:")]

    def screenshot(self, path):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        picture = self.call(
            "Page.captureScreenshot",
            captureBeyondViewport=True,
            clip={"x": 0, "y": 0, "width": self.width, "height": size["height"], "scale": 1},
        )
        path.write_bytes(base64.b64decode(picture["data"]))

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
