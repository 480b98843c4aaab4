"""Serve your policy to polyathlon from any Python since 3.9. Copy this file; it needs nothing else.

    # my_policy.py
    class MyPolicy:
        observations = ("state", "instruction")  # what it wants to see; leave it out for all

        def reset(self, slots, briefs):
            '''Those slots begin an episode; a brief is a dict: instruction, action_space, ...'''

        def act(self, observations, slots):
            '''One action for each slot: numbers, lists, or NumPy arrays.'''
            return [[0.0, 0.0, 0.0, 0.0] for _ in slots]

    python policy_host.py my_policy:MyPolicy --port 8765
    polyathlon eval metaworld.reach --agent ws://127.0.0.1:8765      # elsewhere

Where NumPy is installed an array is a NumPy array, else an ``Array`` with ``shape`` and
``tolist()``. The protocol is described in docs/remote.md. Other addresses than loopback want a
token in POLYATHLON_REMOTE_TOKEN. There is no TLS here, and episodes do not outlive a connection:
where you want either, install polyathlon and use ``polyathlon serve``.
"""

from __future__ import annotations

import argparse
import base64
import functools
import hashlib
import hmac
import importlib
import inspect
import ipaddress
import json
import operator
import os
import socket
import socketserver
import struct
import sys
import threading
import traceback

try:
    import numpy
except ImportError:
    numpy = None

PROTOCOL = 1
LARGEST = 64 << 20  # bytes of a message
SIZES = {"|b1": 1, "|i1": 1, "|u1": 1, "<i2": 2, "<u2": 2, "<i4": 4, "<u4": 4, "<i8": 8,
         "<u8": 8, "<f2": 2, "<f4": 4, "<f8": 8}  # fmt: skip
LETTERS = {"|b1": "?", "|i1": "b", "|u1": "B", "<i2": "h", "<u2": "H", "<i4": "i", "<u4": "I",
           "<i8": "q", "<u8": "Q", "<f2": "e", "<f4": "f", "<f8": "d"}  # fmt: skip


class Malformed(Exception):
    """What a client sends is not of this protocol."""


class Array:
    """An array where there is no NumPy."""

    def __init__(self, dtype, shape, data):
        self.dtype, self.shape, self.data = dtype, tuple(shape), data

    def tolist(self):
        """Nested lists, as NumPy's."""
        count = len(self.data) // SIZES[self.dtype]
        flat = list(struct.unpack(f"<{count}{LETTERS[self.dtype]}", self.data))
        for axis in reversed(self.shape[1:]):
            flat = [
                flat[i * axis : (i + 1) * axis] for i in range(len(flat) // axis if axis else 0)
            ]
        return flat if self.shape else flat[0]


# -- msgpack ------------------------------------------------------------------------------------


def pack(value):
    """A value as msgpack."""
    if value is None or value is False or value is True:
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        signed = value < 2**63
        return struct.pack(">Bq", 0xD3, value) if signed else struct.pack(">BQ", 0xCF, value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode()
        return b"\xdb" + struct.pack(">I", len(data)) + data
    if isinstance(value, (list, tuple)):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    if isinstance(value, dict):
        parts = [pack(part) for item in value.items() for part in item]
        return b"\xdf" + struct.pack(">I", len(value)) + b"".join(parts)
    if isinstance(value, Array):
        return pack_array(value.dtype, value.shape, value.data)
    if hasattr(value, "__array__") and numpy is not None:
        array = numpy.asarray(value)
        array = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
        return pack_array(array.dtype.str, array.shape, array.tobytes())
    raise TypeError(f"{type(value).__name__} does not travel: give numbers, texts or arrays")


def pack_array(dtype, shape, data):
    """An array as msgpack's extension 1."""
    if dtype not in SIZES:
        raise TypeError(f"an array of {dtype} does not travel")
    head = dtype.encode() + struct.pack(f"<B{len(shape)}I", len(shape), *shape)
    return b"\xc9" + struct.pack(">I", len(head) + len(data)) + b"\x01" + head + bytes(data)


def unpack(data):
    """The value that msgpack bytes are."""
    try:
        value, place = _unpack(data, 0, 0)
    except (struct.error, IndexError, UnicodeDecodeError, TypeError) as error:
        raise Malformed(str(error)) from error
    if place != len(data):
        raise Malformed("bytes are left over")
    return value


_NUMBERS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b",
            0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}  # fmt: skip
_LENGTHS = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xC7: ">B", 0xC8: ">H", 0xC9: ">I", 0xD9: ">B",
            0xDA: ">H", 0xDB: ">I", 0xDC: ">H", 0xDD: ">I", 0xDE: ">H", 0xDF: ">I"}  # fmt: skip


def _unpack(data, place, depth):
    if depth > 64:
        raise Malformed("it is nested too deeply")
    kind = data[place]
    place += 1
    if kind < 0x80 or kind >= 0xE0:
        return (kind if kind < 0x80 else kind - 256), place
    if kind in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[kind], place
    if kind in _NUMBERS:
        form = _NUMBERS[kind]
        return struct.unpack_from(form, data, place)[0], place + struct.calcsize(form)
    if kind in _LENGTHS:
        form = _LENGTHS[kind]
        size = struct.unpack_from(form, data, place)[0]
        place += struct.calcsize(form)
    elif 0xD4 <= kind <= 0xD8:
        size = 1 << (kind - 0xD4)
    elif kind < 0xC0:
        size = kind & (0x0F if kind < 0xA0 else 0x1F)
    else:
        raise Malformed(f"0x{kind:x} begins nothing")
    if 0x90 <= kind <= 0x9F or kind in (0xDC, 0xDD):
        found = []
        for _ in range(size):
            part, place = _unpack(data, place, depth + 1)
            found.append(part)
        return found, place
    if 0x80 <= kind <= 0x8F or kind in (0xDE, 0xDF):
        table = {}
        for _ in range(size):
            key, place = _unpack(data, place, depth + 1)
            table[key], place = _unpack(data, place, depth + 1)
        return table, place
    extension = kind in (0xC7, 0xC8, 0xC9) or 0xD4 <= kind <= 0xD8
    code = data[place] if extension else None
    place += extension
    if len(data) < place + size:
        raise Malformed("it is cut off")
    body = data[place : place + size]
    if extension:
        return unpack_array(code, body), place + size
    return (body if kind in (0xC4, 0xC5, 0xC6) else body.decode()), place + size


def unpack_array(code, body):
    """The array in an extension; nothing is made before all is checked."""
    dtype = body[:3].decode("ascii", "replace")
    if code != 1 or dtype not in SIZES or len(body) < 4 or body[3] > 8:
        raise Malformed("an extension that is no array of numbers")
    shape = struct.unpack_from(f"<{body[3]}I", body, 4)
    start, size = 4 + 4 * body[3], SIZES[dtype]
    for axis in shape:
        size *= axis
    if len(body) - start != size:
        raise Malformed("an array of another size than it says")
    if numpy is not None:
        return numpy.frombuffer(body, dtype, offset=start).reshape(shape).copy()
    return Array(dtype, shape, body[start:])


# -- WebSocket ----------------------------------------------------------------------------------


class Connection(socketserver.StreamRequestHandler):
    """One client, from its handshake to its end."""

    timeout = 900  # [s] of silence
    disable_nagle_algorithm = True

    def handle(self):
        """Answers until it leaves."""
        episodes = {}
        try:
            if self._shake_hands():
                self._serve(episodes)
        except Malformed as error:
            self._quietly(pack(refusal(0, "protocol", str(error))))
        except OSError:
            pass  # The client has gone.
        finally:
            self.server.desk.free(episodes)

    def _quietly(self, data):
        try:
            self._send(2, data)
            self._send(8, struct.pack(">H", 1008))
        except OSError:
            pass

    def _shake_hands(self):
        self.connection.settimeout(10)
        request = self.rfile.readline(4096).decode("latin-1").split()
        headers = {}
        while True:
            line = self.rfile.readline(8192).decode("latin-1")
            if line in ("\r\n", "\n", "") or len(headers) > 100:
                break
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if len(request) > 1 and request[1] == "/health":
            return self._page("200 OK", "ok\n")
        token = self.server.token
        shown = headers.get("authorization", "").encode("latin-1")
        if token and not hmac.compare_digest(shown, b"Bearer " + token.encode()):
            return self._page("401 Unauthorized", "a token is needed, and this is not it\n")
        key = headers.get("sec-websocket-key")
        if key is None or "origin" in headers:  # A page in a browser names its origin.
            return self._page("403 Forbidden", "a policy is served here, to polyathlon alone\n")
        accept = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(accept) + b"\r\n\r\n"
        )
        return True

    def _page(self, status, text):
        head = "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close"
        self.wfile.write((head % (status, len(text)) + "\r\n\r\n" + text).encode())
        return False

    def _serve(self, episodes):
        desk = self.server.desk
        hello = self._message()
        if hello is None:
            return
        if hello.get("type") != "hello" or hello.get("protocol") != PROTOCOL:
            told = "this host speaks version %d of the protocol, not %r"
            raise Malformed(told % (PROTOCOL, hello.get("protocol")))
        self._send(2, pack(desk.welcome()))
        self.connection.settimeout(self.timeout)
        while True:
            message = self._message()
            if message is None:
                return
            self._send(2, pack(desk.reply(message, episodes)))

    def _message(self):
        """The next message, or None when the client says goodbye."""
        parts, size = [], 0
        while True:
            first, second = self._read(2)
            length = second & 0x7F
            if length > 125:
                form = ">H" if length == 126 else ">Q"
                length = struct.unpack(form, self._read(struct.calcsize(form)))[0]
            size += length
            if size > LARGEST or not second & 0x80:
                raise Malformed("a frame that is too long, or has no mask")
            mask = self._read(4)
            data, code = unmask(self._read(length), mask), first & 0x0F
            if code == 8:
                self._send(8, data[:2])
                return None
            if code == 9:
                self._send(10, data)
            elif code in (0, 2):
                parts.append(data)
                if first & 0x80:
                    break
            elif code != 10:
                raise Malformed("a message in letters")
        message = unpack(b"".join(parts))
        if not isinstance(message, dict):
            raise Malformed("a message that is no map")
        return message

    def _read(self, count):
        data = self.rfile.read(count)
        if len(data) < count:
            raise ConnectionError("gone")
        return data

    def _send(self, code, data):
        size = len(data)
        if size < 126:
            head = struct.pack(">BB", 0x80 | code, size)
        elif size < 1 << 16:
            head = struct.pack(">BBH", 0x80 | code, 126, size)
        else:
            head = struct.pack(">BBQ", 0x80 | code, 127, size)
        self.wfile.write(head + data)


def unmask(data, mask):
    """A client's bytes as they were before it masked them."""
    plain = bytearray(data)
    if numpy is not None and len(data) >= 4:
        words = numpy.frombuffer(plain, numpy.uint32, len(data) // 4)
        words ^= numpy.frombuffer(mask, numpy.uint32)
        rest = len(data) % 4
        plain[len(data) - rest :] = bytes(map(operator.xor, data[len(data) - rest :], mask))
        return plain
    for place in range(4):
        plain[place::4] = data[place::4].translate(flips(mask[place]))
    return plain


@functools.lru_cache(maxsize=256)
def flips(key):
    """For each byte, what it is with the bits of another turned over."""
    return bytes(byte ^ key for byte in range(256))


# -- the policy ---------------------------------------------------------------------------------


def refusal(number, code, message):
    """Why a request as a whole is not answered."""
    return {"type": "refused", "id": number, "code": code, "message": message}


def normal(body):
    """An embodiment with every field, as the other side writes it."""
    whole = {"id": "", "kind": "continuous", "action_names": (), "action_units": ("1",),
             "frame": "none", "control_hz": None, "low": (), "high": (), "gripper": ""}  # fmt: skip
    whole.update(body)
    for name in ("action_names", "action_units"):
        whole[name] = list(whole[name])
    for name in ("low", "high"):
        whole[name] = [float(value) for value in whole[name]]
    if whole["control_hz"] is not None:
        whole["control_hz"] = float(whole["control_hz"])
    return whole


class Desk:
    """Turns requests into calls of the policy, one at a time."""

    def __init__(self, policy, name):
        self._policy, self._lock = policy, threading.Lock()
        self._free, self._slots = [], 0
        kind = type(policy)
        body, wanted = getattr(policy, "embodiment", None), getattr(policy, "observations", None)
        self._body = None if body is None else normal(body)
        self._wanted = [wanted] if isinstance(wanted, str) else wanted and list(wanted)
        try:
            with open(inspect.getfile(kind), "rb") as file:
                source = hashlib.sha256(file.read()).hexdigest()
        except (OSError, TypeError):
            source = ""
        self._identity = {
            "name": name,
            "path": kind.__module__ + ":" + kind.__qualname__,
            "dialect": getattr(policy, "dialect", "native"),
            "observations": self._wanted,
            "embodiment": self._body,
            "image_size": getattr(policy, "image_size", None),
            "source_digest": source,
            "adapter_digest": "",
            "settings": {str(k): str(v) for k, v in getattr(policy, "settings", {}).items()},
        }

    def welcome(self):
        """Who plays here."""
        canonical = json.dumps(
            self._identity, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        more = {"type": "welcome", "protocol": PROTOCOL, "server": "policy_host 1", "session": "",
                "accounts": False, "identity": digest}  # fmt: skip
        return dict(self._identity, **more)

    def reply(self, message, episodes):
        """The answer to a request."""
        try:
            with self._lock:
                kind, number = message["type"], message["id"]
                if kind == "begin":
                    for old in message.get("forget", []):
                        self._end(episodes, old)
                    answers = [self._begin(one, episodes) for one in message["openings"]]
                    return {"type": "begun", "id": number, "answers": answers}
                if kind == "act":
                    answers = self._act(message["asked"], episodes)
                    return {"type": "acted", "id": number, "answers": answers}
                if kind == "end":
                    for old in message["episodes"]:
                        self._end(episodes, old)
                    return {"type": "ended", "id": number, "spent": [{}] * len(message["episodes"])}
        except (KeyError, TypeError, AttributeError) as error:
            raise Malformed(f"a message without {error}") from error
        raise Malformed(f"a message of type {kind!r}")

    def free(self, episodes):
        """Ends all of a client's episodes."""
        with self._lock:
            for number in list(episodes):
                self._end(episodes, number)

    def _end(self, episodes, number):
        episode = episodes.pop(number, None)
        if episode is not None:
            self._free.append(episode["slot"])

    def _begin(self, opening, episodes):
        body = normal(opening["embodiment"])
        if self._body is not None and body != self._body:
            apart = sorted(name for name in body if body[name] != self._body.get(name))
            return {"code": "contract", "message": "another body: " + ", ".join(apart)}
        lacking = [field for field in self._wanted or [] if field not in opening["layout"]]
        if lacking:
            return {"code": "contract", "message": f"the policy must see '{lacking[0]}'"}
        if not self._free:
            self._free.append(self._slots)
            self._slots += 1
        slot = self._free.pop()
        episodes[opening["episode"]] = {"slot": slot, "turn": 0, "answer": None}
        answer = self._call(lambda: self._policy.reset([slot], [dict(opening)]))[1]
        if answer:
            self._end(episodes, opening["episode"])
        return answer

    def _act(self, asked, episodes):
        answers, waiting = [], []
        for one in asked:
            episode = episodes.get(one["episode"])
            if episode is None:
                answers.append({"code": "lost", "message": "no such episode is played here"})
            elif one["turn"] == episode["turn"] - 1:
                answers.append(episode["answer"])
            elif one["turn"] != episode["turn"] or any(e is episode for _, e, _ in waiting):
                answers.append({"code": "order", "message": "that is not the next turn"})
            else:
                waiting.append((len(answers), episode, one["observation"]))
                answers.append(None)
        if waiting:
            slots = [episode["slot"] for _, episode, _ in waiting]
            seen = [observation for _, _, observation in waiting]
            said, failure = self._call(lambda: list(self._policy.act(seen, slots)))
            if not failure and len(said) != len(waiting):
                told = f"it was asked for {len(waiting)} actions and gave {len(said)}"
                failure = {"code": "agent-failed", "message": told}
            for row, (place, episode, _) in enumerate(waiting):
                answer = failure or self._packed(said[row])
                answers[place] = episode["answer"] = answer
                episode["turn"] += 1
        return answers

    def _packed(self, action):
        try:
            pack(action)
        except Exception as error:  # What it is made of may refuse to be an array.
            return {"code": "agent-failed", "message": f"its action cannot be sent: {error}"}
        return {"action": action}

    def _call(self, function):
        try:
            return function(), {}
        except Exception as error:
            traceback.print_exc()
            told = type(error).__name__ + "; the host's log has it"
            return None, {"code": "agent-failed", "message": told}


class Host(socketserver.ThreadingTCPServer):
    """Serves a policy until it is interrupted."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, policy, name, host="127.0.0.1", port=8765, token=""):
        if not token and not is_loopback(host):
            raise SystemExit(f"--host {host}: others can reach it; set POLYATHLON_REMOTE_TOKEN")
        self.desk, self.token = Desk(policy, name), token
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Connection)

    def handle_error(self, request, client_address):
        """One line, where the rest has failed."""
        print("a connection failed:", sys.exc_info()[1], file=sys.stderr)


def is_loopback(host):
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main():
    """Serves the policy that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("policy", help="module:Class")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--name", help="what records call it [the class's name]")
    options = parser.parse_args()
    sys.path.insert(0, os.getcwd())
    module, _, name = options.policy.partition(":")
    policy = getattr(importlib.import_module(module), name)()
    token = os.environ.get("POLYATHLON_REMOTE_TOKEN", "")
    with Host(policy, options.name or name, options.host, options.port, token) as host:
        print(f"serving {name} at ws://{options.host}:{host.server_address[1]}", flush=True)
        try:
            host.serve_forever()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
