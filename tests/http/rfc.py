"""Runs a case of rfc_cases.py against a server and judges what came back."""

import collections
import re
import select
import socket
import time

import rfc_cases

# Asks for the connection's end, so that no case has to wait for a time to pass.
LAST = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

# passed: bool; said: what came back, in short, and what is wrong with it
Outcome = collections.namedtuple("Outcome", "passed said")


class Malformed(Exception):
    pass


class Response:
    """interim: statuses of the 1xx responses before it; fields: (name in small letters, value)."""

    def __init__(self, status, fields, interim):
        self.status = status
        self.fields = fields
        self.interim = interim
        self.body = b""

    def values(self, name):
        return [value for known, value in self.fields if known == name]


# ---- bytes out and in ------------------------------------------------------------------


class _Exchange:
    """Sends and receives at the same time: a response may arrive during a long request."""

    def __init__(self, port, seconds):
        self.deadline = time.monotonic() + seconds
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self.socket.setblocking(False)
        self.received = b""
        self.ended = False  # by the peer
        self.stopped_reading = False  # the peer has closed its reading side

    def _wait(self, sending):
        """False once the deadline has passed."""
        seconds = self.deadline - time.monotonic()
        writers = [self.socket] if sending else []
        return seconds > 0 and any(select.select([self.socket], writers, [], seconds)[:2])

    def _receive(self):
        try:
            data = self.socket.recv(1 << 16)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        self.received += data
        self.ended = data == b""

    def send(self, data):
        rest = memoryview(data)
        while rest and not self.ended and not self.stopped_reading and self._wait(sending=True):
            self._receive()
            try:
                rest = rest[self.socket.send(rest) :]
            except BlockingIOError:
                pass
            except ConnectionError:
                self.stopped_reading = True

    def half_close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # closed by the peer

    def receive(self, until):
        while not self.ended and not until() and self._wait(sending=False):
            self._receive()


def exchange(port, steps, seconds):
    """Returns: bytes received, and whether the peer ended the connection in time."""
    talk = _Exchange(port, seconds)
    with talk.socket:
        for step in steps:
            if step == rfc_cases.AWAIT:
                talk.receive(until=lambda: talk.received)
            elif step == rfc_cases.HALF_CLOSE:
                talk.half_close()
            else:
                talk.send(step)
        talk.receive(until=lambda: False)
    return talk.received, talk.ended


# ---- reading responses, by the letter -----------------------------------------------------


def read_line(data):
    line, end, rest = data.partition(b"\r\n")
    if not end or re.search(rb"[\0\r\n]", line):
        raise Malformed(f"line {line[:80]!r}")
    return line, rest


def read_head(data):
    line, data = read_line(data)
    found = re.fullmatch(rb"HTTP/1\.[01] (\d{3}) [\t \x21-\x7e\x80-\xff]*", line)
    if not found:
        raise Malformed(f"status line {line[:80]!r}")
    fields = []
    while True:
        line, data = read_line(data)
        if line == b"":
            return int(found[1]), fields, data
        field = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", line)
        if not field:
            raise Malformed(f"field {line[:80]!r}")
        fields.append((field[1].decode().lower(), field[2].decode("latin-1")))


def read_chunks(data):
    body = b""
    while True:
        line, data = read_line(data)
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", line):
            raise Malformed(f"chunk size {line[:80]!r}")
        size = int(line, 16)
        if size == 0:
            break
        if data[size : size + 2] != b"\r\n":
            raise Malformed("chunk without its end")
        body += data[:size]
        data = data[size + 2 :]
    while True:
        line, data = read_line(data)
        if line == b"":
            return body, data


def read_body(response, method, data):
    """Returns: the bytes after it (RFC 9112, section 6.3)."""
    lengths = response.values("content-length")
    codings = response.values("transfer-encoding")
    if lengths and codings or len(lengths) > 1 or len(codings) > 1:
        raise Malformed(f"framing {lengths} {codings}")
    if response.status == 204 and (lengths or codings):
        raise Malformed("204 with a length")
    if method == "HEAD" or response.status in (204, 304):
        return data
    if codings:
        if codings[0].lower() != "chunked":
            raise Malformed(f"coding {codings[0]}")
        response.body, data = read_chunks(data)
        return data
    if not lengths:
        response.body = data
        return b""
    if not lengths[0].isdigit() or int(lengths[0]) > len(data):
        raise Malformed(f"length {lengths[0]} of {len(data)} bytes")
    response.body = data[: int(lengths[0])]
    return data[len(response.body) :]


def read_responses(data, methods):
    """The responses in bytes. Errors: Malformed."""
    responses = []
    interim = []
    while data:
        status, fields, data = read_head(data)
        if 100 <= status < 200:
            interim.append(status)
            continue
        response = Response(status, fields, interim)
        method = methods[len(responses)] if len(responses) < len(methods) else "GET"
        data = read_body(response, method, data)
        responses.append(response)
        interim = []
    return responses


# ---- judging ----------------------------------------------------------------------------


def complaint(case, responses, ended):
    """What is wrong with these responses; None if nothing is."""
    if not ended:
        return "the connection was not ended"
    if case.statuses is None:
        if len(responses) > 1 or any(response.status < 400 for response in responses):
            return "taken for a complete request"
        return None
    if len(responses) < len(case.statuses):
        return "no response"
    for response, allowed in zip(responses, case.statuses):
        if response.status not in allowed:
            return f"{response.status} is not {' or '.join(map(str, sorted(allowed)))}"
    more = responses[len(case.statuses) :]
    if case.after == rfc_cases.CLOSED and more:
        return "what follows got a response, too"
    if case.after == rfc_cases.KEPT and [response.status for response in more] != [200]:
        return "what follows got no response"
    if len(more) > 1:
        return "more responses than requests"
    return case.check(responses) if case.check else None


def run(port, case, seconds):
    """Returns: the Outcome."""
    steps = case.steps if rfc_cases.HALF_CLOSE in case.steps else [*case.steps, LAST]
    received, ended = exchange(port, steps, seconds)
    try:
        responses = read_responses(received, rfc_cases.methods_of(case))
    except Malformed as error:
        return Outcome(False, f"malformed: {error}")
    said = ", ".join(str(response.status) for response in responses[:4]) or "nothing"
    wrong = complaint(case, responses, ended)
    return Outcome(wrong is None, said if wrong is None else f"{said}: {wrong}")
