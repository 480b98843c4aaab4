"""One headless Chromium for all the environments of a process, and how to talk to it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...core.errors import BrowserFault
from .binary import BrowserMissing, find_browser, is_headless_shell
from .pipe import Pipe

FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    # No limit of frames: a screenshot need not wait for the next sixtieth of a second.
    "--disable-frame-rate-limit",
    "--disable-gpu-vsync",
    "--disable-gpu",
    # Quiet on a closed network, and deaf to an open one: no name resolves, and what needs none
    # goes to a proxy that is not there, this machine included.
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    # The same picture and the same pace whatever the machine, and whatever was drawn before:
    # redrawing a part only leaves traces of one level at round corners.
    "--disable-partial-raster",
    "--disable-checker-imaging",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-lcd-text",
    "--disable-features=Translate,MediaRouter,OptimizationHints",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--force-device-scale-factor=1",
    "--lang=en-US",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
)
"""Command line of the browser."""

PATIENCE = 30.0
"""How long an answer may take before the browser counts as hung [s]."""

START_PATIENCE = 60.0
"""How long it may take to start, on a machine with a cold disk [s]."""

CLOSING = 2.0
"""How long it may take to end by itself [s]."""

PROFILE = "polyathlon-chromium-"
"""How the folder of a profile begins, followed by the process that it belongs to."""

PIPE_ENDS = (3, 4)
"""Descriptors that Chromium reads commands from and writes answers to."""

Listener = Callable[[str, dict[str, Any]], None]
"""Called with the name and the parameters of an event of one session."""


class Browser:
    """A running Chromium.

    Calls come from one thread at a time. While an answer is awaited, events of every session are
    given to their listeners, which may send but not wait.

    Args:
        program: the browser's program.

    Raises:
        BrowserMissing: it does not start.
    """

    def __init__(self, program: Path) -> None:
        self.program = program
        self._profile = "" if is_headless_shell(program) else _make_profile()
        self._lock = threading.RLock()
        self._listeners: dict[str, Listener] = {}
        self._answers: dict[int, dict[str, Any]] = {}
        self._forgotten: set[int] = set()
        self._lost: set[str] = set()
        self._openers: dict[str, Callable[[str], None]] = {}
        self._last = 0
        self.alive = True
        self.process, self._pipe = _spawn(program, self._arguments())
        try:
            version = self.call("Browser.getVersion", patience=START_PATIENCE)
            self.call("Target.setDiscoverTargets", {"discover": True})
        except BrowserFault as fault:
            self.close()
            raise BrowserMissing(f"{program} does not start as a headless browser") from fault
        self.version = str(version["product"])

    def _arguments(self) -> list[str]:
        arguments = [str(self.program), *FLAGS]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # Chromium's sandbox refuses to be set up by root.
        if self._profile:
            arguments.append(f"--user-data-dir={self._profile}")
        return arguments

    def listen(self, session: str, listener: Listener | None) -> None:
        """Gives the events of a session to a listener, or to nobody."""
        with self._lock:
            if listener is None:
                self._listeners.pop(session, None)
                self._lost.discard(session)
            else:
                self._listeners[session] = listener

    def watch(self, opener: str, opened: Callable[[str], None] | None) -> None:
        """Tells of every page that a page opens, by its target; or tells no more."""
        with self._lock:
            if opened is None:
                self._openers.pop(opener, None)
            else:
                self._openers[opener] = opened

    def send(
        self,
        method: str,
        parameters: Mapping[str, Any] | None = None,
        session: str = "",
        *,
        forget: bool = False,
    ) -> int:
        """Sends a command without waiting; its number, for ``result``.

        Args:
            method: of the protocol, e.g. ``Page.navigate``.
            parameters: of the method.
            session: the page's; empty for the browser itself.
            forget: nobody will ask for the answer.

        Raises:
            BrowserFault: the browser is gone.
        """
        with self._lock:
            self._last += 1
            message: dict[str, Any] = {
                "id": self._last,
                "method": method,
                "params": parameters or {},
            }
            if session:
                message["sessionId"] = session
            if forget:
                self._forgotten.add(self._last)
            self._guarded(lambda: self._pipe.send(message, time.monotonic() + PATIENCE))
            return self._last

    def result(
        self, number: int, session: str = "", patience: float | None = None
    ) -> dict[str, Any]:
        """Waits for the answer to a command.

        Args:
            number: what ``send`` gave.
            session: of the same command: where it is lost, there will be no answer.
            patience: longest wait [s]; by default ``PATIENCE``.

        Raises:
            BrowserFault: there is none in time, or it is an error.
        """
        deadline = time.monotonic() + (PATIENCE if patience is None else patience)
        with self._lock:
            while number not in self._answers:
                if session in self._lost:
                    raise BrowserFault("the page crashed")
                self._take(deadline)
            answer = self._answers.pop(number)
        if "error" in answer:
            raise BrowserFault(f"the browser refuses: {answer['error'].get('message', answer)}")
        result = answer.get("result", {})
        return result if isinstance(result, dict) else {}

    def call(
        self,
        method: str,
        parameters: Mapping[str, Any] | None = None,
        session: str = "",
        patience: float | None = None,
    ) -> dict[str, Any]:
        """Sends a command and waits for its answer; see ``send`` and ``result``."""
        return self.result(self.send(method, parameters, session), session, patience)

    def await_event(
        self, happened: Callable[[], bool], session: str, patience: float | None = None
    ) -> bool:
        """Takes messages until a condition that the session's listener brings about holds.

        Args:
            happened: the condition.
            session: the listener's.
            patience: longest wait, after which the answer is no [s]; by default it is
                ``PATIENCE``, and a fault.

        Returns:
            Whether it holds.

        Raises:
            BrowserFault: the browser or the page is gone.
        """
        begun = time.monotonic()
        with self._lock:
            while not happened():
                if session in self._lost:
                    raise BrowserFault("the page crashed")
                if patience is not None and not self._hears(begun + patience):
                    return False
                self._take(begun + PATIENCE)
        return True

    def _hears(self, deadline: float) -> bool:
        heard: bool = self._guarded(lambda: self._pipe.is_heard(deadline))
        return heard

    def mourn(self, session: str) -> None:
        """Notes that a page is lost: nobody waits for its answers any more."""
        self._lost.add(session)

    def _take(self, deadline: float) -> None:
        message: dict[str, Any] = self._guarded(lambda: self._pipe.receive(deadline))
        number = message.get("id")
        if isinstance(number, int):
            if number in self._forgotten:
                self._forgotten.discard(number)
            else:
                self._answers[number] = message
            return
        session, told = str(message.get("sessionId", "")), dict(message.get("params", {}))
        listener = self._listeners.get(session)
        if listener is not None:
            listener(str(message.get("method", "")), told)
        elif not session and message.get("method") == "Target.targetCreated":
            target = told["targetInfo"]
            opened = self._openers.get(str(target.get("openerId", "")))
            if opened is not None:
                opened(str(target["targetId"]))

    def _guarded(self, act: Callable[[], Any]) -> Any:
        """Whatever the pipe complains of, this browser is of no use any more."""
        if not self.alive:
            raise BrowserFault("the browser is gone")
        try:
            return act()
        except BrowserFault:
            self.close(patience=0.0)
            raise

    def close(self, patience: float = CLOSING) -> None:
        """Ends the browser and waits until it has ended; can be called twice.

        Args:
            patience: time for it to end by itself once its pipe is shut [s].
        """
        with self._lock:
            if not self.alive:
                return
            self.alive = False
            self._pipe.close()
            if not _ended(self.process, patience):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.process, signal.SIGKILL)
                _ended(self.process, 60.0)
            if self._profile:
                shutil.rmtree(self._profile, ignore_errors=True)

    def abandon(self) -> None:
        """In a forked child: lets go of the parent's browser without ending it."""
        self.alive = False
        self._pipe.close()


def _make_profile() -> str:
    """A new folder for a profile; those of processes that were killed are swept away."""
    for left in Path(tempfile.gettempdir()).glob(f"{PROFILE}*"):
        owner = left.name.removeprefix(PROFILE).partition("-")[0]
        if owner.isdigit() and not _is_running(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"{PROFILE}{os.getpid()}-")


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _spawn(program: Path, arguments: list[str]) -> tuple[int, Pipe]:
    """Starts the program with its pipe at the descriptors that Chromium expects.

    It stays in this process's group, so that whoever kills the group kills it too.
    """
    commands, answers = os.pipe(), os.pipe()
    # Away from 3 and 4, so that placing one there cannot cover the other.
    theirs = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (commands[0], answers[1])]
    for end in (commands[0], answers[1]):
        os.close(end)
    quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    placed = [
        (os.POSIX_SPAWN_DUP2, end, place) for end, place in zip(theirs, PIPE_ENDS, strict=True)
    ]
    try:
        process = os.posix_spawn(program, arguments, os.environ, file_actions=[*quiet, *placed])
    except OSError as error:
        for end in (commands[1], answers[0]):
            os.close(end)
        raise BrowserMissing(f"{program} does not start: {error.strerror}") from error
    finally:
        for end in theirs:
            os.close(end)
    return process, Pipe(reading=answers[0], writing=commands[1])


def _ended(process: int, patience: float) -> bool:
    """Whether a child ends in time; reaps it."""
    deadline = time.monotonic() + patience
    while True:
        try:
            if os.waitpid(process, os.WNOHANG)[0]:
                return True
        except ChildProcessError:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)


_shared: Browser | None = None
_users = 0


def lease() -> Browser:
    """This process's browser, started if there is none or the last one died.

    Raises:
        BrowserMissing: there is no browser, or it does not start.
    """
    global _shared, _users
    if _shared is None or not _shared.alive:
        _shared, _users = Browser(find_browser()), 0
    _users += 1
    return _shared


def release(browser: Browser) -> None:
    """Gives a lease back; with the last one the browser ends."""
    global _shared, _users
    if browser is not _shared:
        return
    _users -= 1
    if _users <= 0:
        browser.close()
        _shared = None


def _after_fork() -> None:
    global _shared, _users
    if _shared is not None:
        _shared.abandon()
    _shared, _users = None, 0


os.register_at_fork(after_in_child=_after_fork)
