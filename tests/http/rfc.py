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


class Answer:
    """interim: statuses of the 1xx answers before it; fields: (name in small letters, value)."""

    def __init__(self, status, fields, interim):
        self.status = status
        self.fields = fields
        self.interim = interim
        self.body = b""

    def values(self, name):
        return [value for known, value in self.fields if known == name]


# ---- octets out and in ------------------------------------------------------------------


class _Exchange:
    """Sends and receives at the same time: an answer may come amid a long request."""

    def __init__(self, port, seconds):
        self.deadline = time.monotonic() + seconds
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self.socket.setblocking(False)
        self.received = b""
        self.ended = False  # by the peer
        self.deaf = False  # the peer takes nothing more

    def _wait(self, sending):
        """False once the deadline has passed."""
        seconds = self.deadline - time.monotonic()
        writers = [self.socket] if sending else []
        return seconds > 0 and any(select.select([self.socket], writers, [], seconds)[:2])

    def _receive(self):
        try:
            octets = self.socket.recv(1 << 16)
        except BlockingIOError:
            return
        except ConnectionError:
            octets = b""
        self.received += octets
        self.ended = octets == b""

    def send(self, octets):
        rest = memoryview(octets)
        while rest and not self.ended and not self.deaf and self._wait(sending=True):
            self._receive()
            try:
                rest = rest[self.socket.send(rest) :]
            except BlockingIOError:
                pass
            except ConnectionError:
                self.deaf = True

    def half_close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # closed by the peer

    def receive(self, until):
        while not self.ended and not until() and self._wait(sending=False):
            self._receive()


def exchange(port, steps, seconds):
    """Returns: octets received, and whether the peer ended the connection in time."""
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


# ---- reading answers, by the letter -----------------------------------------------------


def read_line(octets):
    line, end, rest = octets.partition(b"\r\n")
    if not end or re.search(rb"[\0\r\n]", line):
        raise Malformed(f"line {line[:80]!r}")
    return line, rest


def read_head(octets):
    line, octets = read_line(octets)
    found = re.fullmatch(rb"HTTP/1\.[01] (\d{3}) [\t \x21-\x7e\x80-\xff]*", line)
    if not found:
        raise Malformed(f"status line {line[:80]!r}")
    fields = []
    while True:
        line, octets = read_line(octets)
        if line == b"":
            return int(found[1]), fields, octets
        field = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", line)
        if not field:
            raise Malformed(f"field {line[:80]!r}")
        fields.append((field[1].decode().lower(), field[2].decode("latin-1")))


def read_chunks(octets):
    body = b""
    while True:
        line, octets = read_line(octets)
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", line):
            raise Malformed(f"chunk size {line[:80]!r}")
        size = int(line, 16)
        if size == 0:
            break
        if octets[size : size + 2] != b"\r\n":
            raise Malformed("chunk without its end")
        body += octets[:size]
        octets = octets[size + 2 :]
    while True:
        line, octets = read_line(octets)
        if line == b"":
            return body, octets


def read_body(answer, method, octets):
    """Returns: the octets after it (RFC 9112, section 6.3)."""
    lengths = answer.values("content-length")
    codings = answer.values("transfer-encoding")
    if lengths and codings or len(lengths) > 1 or len(codings) > 1:
        raise Malformed(f"framing {lengths} {codings}")
    if answer.status == 204 and (lengths or codings):
        raise Malformed("204 with a length")
    if method == "HEAD" or answer.status in (204, 304):
        return octets
    if codings:
        if codings[0].lower() != "chunked":
            raise Malformed(f"coding {codings[0]}")
        answer.body, octets = read_chunks(octets)
        return octets
    if not lengths:
        answer.body = octets
        return b""
    if not lengths[0].isdigit() or int(lengths[0]) > len(octets):
        raise Malformed(f"length {lengths[0]} of {len(octets)} octets")
    answer.body = octets[: int(lengths[0])]
    return octets[len(answer.body) :]


def read_answers(octets, methods):
    """The answers in octets. Errors: Malformed."""
    answers = []
    interim = []
    while octets:
        status, fields, octets = read_head(octets)
        if 100 <= status < 200:
            interim.append(status)
            continue
        answer = Answer(status, fields, interim)
        method = methods[len(answers)] if len(answers) < len(methods) else "GET"
        octets = read_body(answer, method, octets)
        answers.append(answer)
        interim = []
    return answers


# ---- judging ----------------------------------------------------------------------------


def complaint(case, answers, ended):
    """What is wrong with these answers; None if nothing is."""
    if not ended:
        return "the connection was not ended"
    if case.statuses is None:
        if len(answers) > 1 or any(answer.status < 400 for answer in answers):
            return "taken for a whole request"
        return None
    if len(answers) < len(case.statuses):
        return "not answered"
    for answer, allowed in zip(answers, case.statuses):
        if answer.status not in allowed:
            return f"{answer.status} is not {' or '.join(map(str, sorted(allowed)))}"
    more = answers[len(case.statuses) :]
    if case.after == rfc_cases.CLOSED and more:
        return "what follows was answered, too"
    if case.after == rfc_cases.KEPT and [answer.status for answer in more] != [200]:
        return "what follows was not answered"
    if len(more) > 1:
        return "more answers than requests"
    return case.check(answers) if case.check else None


def run(port, case, seconds):
    """Returns: the Outcome."""
    steps = case.steps if rfc_cases.HALF_CLOSE in case.steps else [*case.steps, LAST]
    received, ended = exchange(port, steps, seconds)
    try:
        answers = read_answers(received, rfc_cases.methods_of(case))
    except Malformed as error:
        return Outcome(False, f"malformed: {error}")
    said = ", ".join(str(answer.status) for answer in answers[:4]) or "nothing"
    wrong = complaint(case, answers, ended)
    return Outcome(wrong is None, said if wrong is None else f"{said}: {wrong}")
