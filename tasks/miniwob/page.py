"""One page in a browser context of its own: loads a task, acts, looks."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BrowserFault
from ...core.stopwatch import RENDERING
from . import served
from .browser import Browser
from .camera import EDGE, Camera, cropped, decode
from .sight import Sight, read_sight

WINDOW = (500, 320)
"""Width and height of the window [px]; ``WINDOW_WIDTH`` and ``_HEIGHT`` of ``constants.py``."""

EPOCH = 1_483_272_000_000
"""What the deterministic clock shows at the start of every episode: 2017-01-01 12:00 UTC [ms]."""

FRAME = 20
"""Time between two frames of the deterministic clock [ms]."""

READY_PATIENCE = 30.0
"""How long a page within a page may take to be ready [s]; no time passes on the episode's clock."""

READY_ROUND = 0.005
"""How often it is asked [s]."""

FRAME_PATIENCE = 0.5
"""How long a frame with the mark may take before the mark is set anew [s]."""

FRAME_TRIES = 3
"""How often it is set before a picture is asked for; on a page that covers it there is none."""

_AWAY = tuple(
    ("Input.dispatchMouseEvent", {"type": kind, "x": 0, "y": 0, "button": "none"})
    # A move alone is told of with the next frame, up to a sixtieth of a second later. Whatever
    # comes behind it takes it along.
    for kind in ("mouseMoved", "mouseReleased")
)
"""Takes the pointer out of the way, whatever the last episode left under it."""

SCRIPTS = Path(__file__).parent / "script"

Command = tuple[str, Mapping[str, Any]]
"""A command of the DevTools protocol: its method and parameters."""


@cache
def _script(name: str) -> str:
    """A function in JavaScript; behind it go its arguments."""
    return (SCRIPTS / f"{name}.js").read_text()


class Page:
    """A page that shows one task at a time, apart from all other pages.

    Args:
        browser: where it is opened.
        size: height and width of the part that is looked at [px].
        still: time moves only when it is told to; see ``script/clock.js``.
        filmed: every episode and every step will be looked at; see ``camera``.

    Attributes:
        counts: what the page tried and was kept from: ``dialogs``, ``new_tabs``,
            ``outside_requests`` and ``navigations``.
    """

    def __init__(
        self, browser: Browser, size: tuple[int, int], still: bool, filmed: bool = False
    ) -> None:
        self.browser, self.size, self.still = browser, size, still
        self.counts: Counter[str] = Counter()
        self._pointed = True
        self._loaded = False
        self._loading = ""
        self._context = str(browser.call("Target.createBrowserContext")["browserContextId"])
        target = browser.call(
            "Target.createTarget",
            {
                "url": "about:blank",
                "browserContextId": self._context,
                "width": size[1] + EDGE,
                "height": size[0],
                "newWindow": True,
            },
        )
        self._target = str(target["targetId"])
        attached = browser.call(
            "Target.attachToTarget", {"targetId": self._target, "flatten": True}
        )
        self.session = str(attached["sessionId"])
        browser.listen(self.session, self._hear)
        browser.watch(self._target, self._opened)
        self._camera = Camera(browser, self.session, size) if filmed else None
        self._prepare()

    def _prepare(self) -> None:
        height, width = self.size
        # The page lives in a window as large as upstream's; what is drawn, handed over and
        # decoded is a sixth of that. A whole browser makes no window as small.
        small = self.evaluate("[innerWidth, innerHeight]") == [width + EDGE, height]
        window = {
            "width": max(WINDOW[0], width),
            "height": max(WINDOW[1], height),
            "deviceScaleFactor": 1,
            "mobile": False,
            "dontSetVisibleSize": small,
        }
        clock, page = _script("clock"), _script("page")
        self._all(
            ("Emulation.setDeviceMetricsOverride", window),
            ("Page.enable", {}),
            ("Inspector.enable", {}),
            ("Fetch.enable", {"patterns": [{"urlPattern": "*"}]}),
            ("Emulation.setTimezoneOverride", {"timezoneId": "UTC"}),
            ("Emulation.setLocaleOverride", {"locale": "en-US"}),
            ("Emulation.setFocusEmulationEnabled", {"enabled": True}),
            (
                "Page.addScriptToEvaluateOnNewDocument",
                {"source": f"{clock}({EPOCH}, {FRAME})" if self.still else _WALL_CLOCK},
            ),
            ("Page.addScriptToEvaluateOnNewDocument", {"source": f"{page}({width}, {EDGE})"}),
        )

    def _all(self, *commands: Command) -> None:
        """Sends commands one after the other and waits for all answers together."""
        numbers = [self.browser.send(*command, self.session) for command in commands]
        for number in numbers:
            self.browser.result(number, self.session)

    def load(self, task: str) -> None:
        """Opens the page of a task anew.

        Raises:
            BrowserFault: it does not load.
        """
        self._loaded, self._pointed = False, True
        self._loading = served.address(task)
        answer = self.browser.call("Page.navigate", {"url": self._loading}, self.session)
        if answer.get("errorText"):
            raise BrowserFault(f"the page of {task} does not load: {answer['errorText']}")
        self.browser.await_event(lambda: self._loaded, self.session)
        self._loading = ""
        self._all(("Page.resetNavigationHistory", {}))  # There is nothing to go back to.
        self.evaluate("__page.preload()")

    def begin(self, seed: int, mode: str, scale: float) -> Sight:
        """Begins an episode on the page that is loaded, and looks at it.

        Args:
            seed: of the page's generator of random numbers.
            mode: ``train`` or ``test``; see the package's ``core.setDataMode``.
            scale: what the time limit of the task is multiplied with.
        """
        if self._pointed:
            self._all(*_AWAY)
            self._pointed = False
        words = f"{seed}, {json.dumps(mode)}, {scale!r}, {json.dumps(self.still)}"
        sight = read_sight(self.evaluate(f"__page.begin({words}, {self._mark()})"))
        deadline = time.monotonic() + READY_PATIENCE
        while not sight.ready:
            if time.monotonic() > deadline:
                raise BrowserFault("the page never says that it is ready")
            time.sleep(READY_ROUND)
            sight = read_sight(self.evaluate("__page.observe()"))
            if self._camera:
                self._camera.cancel()  # What shows the number was not ready.
        return sight

    def advance(self, span: float) -> Sight:
        """Lets time pass [ms] and looks."""
        return read_sight(self.evaluate(f"__page.advance({span!r}, {self._mark()})"))

    def _mark(self) -> int:
        """The number of the picture that will be taken next; 0 if nobody looks."""
        return self._camera.order() if self._camera else 0

    def gesture(self, events: Sequence[Command]) -> None:
        """Sends events of mouse and keyboard and waits until the page has had them all."""
        sent = []
        for event in events:
            self._pointed |= event[0] == "Input.dispatchMouseEvent"
            sent.append(self.browser.send(*event, self.session))
            if event[1].get("buttons"):
                # Moves that are on their way together reach the page as one: a line that is drawn
                # would have two points.
                self.browser.result(sent.pop(), self.session)
        for number in sent:
            self.browser.result(number, self.session)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page; of a promise, what it comes to.

        Raises:
            BrowserFault: it raises, or the page is gone.
        """
        answer = self.browser.call(
            "Runtime.evaluate",
            {"expression": expression, "returnByValue": True, "awaitPromise": True},
            self.session,
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            told = details.get("exception", {}).get("description", details.get("text", ""))
            raise BrowserFault(f"the page raised: {told:.300}")
        return answer["result"].get("value")

    @RENDERING.counts
    def picture(self) -> NDArray[np.uint8]:
        """What the page looks like, uint8 `[H, W, 3]`."""
        camera = self._camera
        if camera is None:
            return self._screenshot()
        for _ in range(FRAME_TRIES):
            if not camera.due:
                self.evaluate(f"__page.mark({camera.order()})")
            if self.browser.await_event(camera.has_arrived, self.session, FRAME_PATIENCE):
                return camera.take()
            camera.cancel()
        return self._screenshot()

    def _screenshot(self) -> NDArray[np.uint8]:
        # From the view rather than the compositor's surface: the same pixels in half the time.
        answer = self.browser.call(
            "Page.captureScreenshot",
            {"format": "png", "optimizeForSpeed": True, "fromSurface": False},
            self.session,
        )
        return cropped(decode(answer["data"]), self.size)

    def _hear(self, event: str, told: dict[str, Any]) -> None:
        if event == "Fetch.requestPaused":
            self._fetch(told)
        elif event == "Page.screencastFrame" and self._camera:
            self._camera.hear(told)
        elif event == "Page.loadEventFired":
            self._loaded = True
        elif event == "Page.javascriptDialogOpening":
            self.counts["dialogs"] += 1
            self._answer("Page.handleJavaScriptDialog", {"accept": False})
        elif event == "Inspector.targetCrashed":
            self.browser.mourn(self.session)

    def _answer(self, method: str, told: Mapping[str, Any]) -> None:
        self.browser.send(method, told, self.session, forget=True)

    def _opened(self, target: str) -> None:
        """Closes a new tab or window; what it asks for until then has nowhere to go."""
        self.counts["new_tabs"] += 1
        self.browser.send("Target.closeTarget", {"targetId": target}, forget=True)

    def _fetch(self, told: Mapping[str, Any]) -> None:
        """Answers a request from the package, and refuses what is outside of it."""
        url, name = str(told["request"]["url"]).partition("#")[0], told["requestId"]
        found = served.answer(url.partition("?")[0])
        outside = not served.is_inside(url)
        self.counts["outside_requests"] += outside
        if self._would_leave(told, url, known=found is not None):
            # It would take the task with it. An empty answer makes it stay.
            self.counts["navigations"] += 1
            self._answer("Fetch.fulfillRequest", {"requestId": name, "responseCode": 204})
        elif found is not None:
            answer = {
                "requestId": name,
                "responseCode": 200,
                "responseHeaders": [{"name": "Content-Type", "value": found.media_type}],
                "body": found.body,
            }
            self._answer("Fetch.fulfillRequest", answer)
        elif outside:
            self._answer("Fetch.failRequest", {"requestId": name, "errorReason": "BlockedByClient"})
        else:
            self._answer("Fetch.fulfillRequest", {"requestId": name, "responseCode": 404})

    def _would_leave(self, told: Mapping[str, Any], url: str, *, known: bool) -> bool:
        """Whether a request is that of a page, or of a page within it, that leaves the task."""
        if told.get("resourceType") != "Document":
            return False
        if told.get("frameId") == self._target:
            return url != self._loading
        return not known and not served.is_blank(url)

    def close(self) -> None:
        """Closes the page and its context; says nothing if the browser is gone."""
        self.browser.listen(self.session, None)
        self.browser.watch(self._target, None)
        if not self.browser.alive:
            return
        try:
            self.browser.call("Target.disposeBrowserContext", {"browserContextId": self._context})
        except BrowserFault:
            self.browser.close()


_WALL_CLOCK = """
(function () {
  const begun = performance.now();
  Object.defineProperty(window, '__clock', {value: {
    advance() {}, restart() {}, now: () => performance.now() - begun,
    drawn: () => new Promise(requestAnimationFrame)}});
})();
"""
"""The clock on the wall behind the face of the other; whoever waits, waits outside of the page."""
