"""Runs the fenced blocks of a Markdown document and compares what they print with what the document shows.

A block of commands begins with ```sh and these words:
  run       the test runs it; without this word it is for the reader alone
  fails     its exit status is not 0
  retry     it is repeated until it succeeds, for at most 30 seconds: it waits for a service to start
  others    names of conditions of the caller; the block is skipped where one is not met

A block of output begins with ```text, follows its commands and shows lines of what they print, in
this order. After ```text, too, a condition may stand: the block is compared only where it is met.
Runs of white space are equal to one space. … stands for any text; a line with … alone, for any lines.
A figure (10.5MB, 3 s, 0m10.2s, an integer of five digits or more) stands for any other of its kind,
because sizes and times differ between machines.

<!-- check: EXPRESSION --> after a block of output is a Python expression about the block's
figures, figure[0] and so on, in bytes or seconds. It must be true of the figures that the document shows, and
of those that were printed.
"""

import dataclasses
import re
import subprocess
import time

WORDS = {"run", "fails", "retry"}
RETRY_SECONDS = 30
SIZES = {"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
KINDS = {
    "size": rf"\d+(?:\.\d+)? ?(?:{'|'.join(SIZES)})",
    "time": r"(?:\d+m)?\d+(?:\.\d+)? ?m?s",
    "count": r"\d{5,}",
}
# No part of a name, a path, a port or a version.
FIGURE = re.compile(
    r"(?<![\w.:/-])(?:" + "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in KINDS.items()) + r")(?![\w/])"
)


@dataclasses.dataclass
class Output:
    """Lines that a block's output must have."""

    words: list
    lines: list
    check: str = ""


@dataclasses.dataclass
class Block:
    words: list
    commands: str
    outputs: list = dataclasses.field(default_factory=list)


def fences(text):
    """(language, words, body) of each fenced block."""
    found = re.findall(r"^```(\w+)(.*)\n([\s\S]*?)^```$", text, flags=re.M)
    return [(language, words.split(), body) for language, words, body in found]


def blocks(text):
    """The blocks of commands with their outputs."""
    found = []
    pattern = r"^```(\w+)(.*)\n([\s\S]*?)^```$|^<!-- check: (.*) -->$"
    for language, words, body, check in re.findall(pattern, text, flags=re.M):
        if check:
            assert found and found[-1].outputs, f"a check of no output: {check}"
            found[-1].outputs[-1].check = check
        elif language == "sh":
            found.append(Block(words.split(), body))
        elif language == "text":
            assert found, f"output of no command: {body}"
            found[-1].outputs.append(Output(words.split(), body.splitlines()))
    return found


def value(match):
    """A figure as a number: bytes, or seconds."""
    text = match.group()
    if match["size"]:
        number, unit = re.fullmatch(r"([\d.]+) ?(\w+)", text).groups()
        return float(number) * SIZES[unit]
    if match["time"]:
        minutes, number, unit = re.fullmatch(r"(?:(\d+)m)?([\d.]+) ?(m?s)", text).groups()
        return 60 * int(minutes or 0) + float(number) / (1000 if unit == "ms" else 1)
    return int(text)


def squeeze(line):
    return " ".join(line.split())


def pattern_of(shown):
    """A regular expression for a shown line, with a group for each of its figures."""
    shown = squeeze(shown)

    def literal(text):
        return ".*".join(map(re.escape, text.split("…")))

    parts = []
    end = 0
    for match in FIGURE.finditer(shown):
        parts += [literal(shown[end : match.start()]), rf"((?<![\w.]){KINDS[match.lastgroup]}(?!\w))"]
        end = match.end()
    return re.compile("".join(parts) + literal(shown[end:]))


def compare(output, printed):
    """Finds each shown line in what was printed, in order, and checks the figures of both."""
    lines = [squeeze(line) for line in printed.splitlines()]
    figures = []
    at = 0
    for shown in output.lines:
        if not shown.strip() or shown.strip() == "…":
            continue
        pattern = pattern_of(shown)
        for number in range(at, len(lines)):
            if match := pattern.search(lines[number]):
                break
        else:
            raise AssertionError(f"want {shown!r}" + (f" after line {at}" if at else ""))
        figures += [value(FIGURE.fullmatch(text)) for text in match.groups()]
        at = number + 1
    if output.check:
        own = [value(match) for line in output.lines for match in FIGURE.finditer(squeeze(line))]
        for which, numbers in (("shown", own), ("printed", figures)):
            # The expression is the project's own text.
            assert eval(output.check, {"figure": numbers}), f"{output.check} of what is {which}: {numbers}"


def shell(commands, env, cwd, seconds):
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
    )


def run(text, env, cwd, conditions, seconds=120, edit=lambda commands: commands):
    """
    Runs the document's blocks in order.

    conditions: for each name, a function that returns None where it is met, or the reason why it is not
    seconds: how long one block may take
    edit: changes commands before they run
    Returns the number of blocks that ran, and those that were skipped, with the reason.
    """
    ran = 0
    skipped = {}
    for block in blocks(text):
        known = WORDS | set(conditions)
        used = set(block.words).union(*(output.words for output in block.outputs))
        assert used <= known, f"unknown words: {used - known}"
        if "run" not in block.words:
            assert not block.words and not block.outputs, f"not run, so nothing can be expected: {block.commands}"
            continue
        reasons = [conditions[word]() for word in block.words if word in conditions]
        if any(reasons):
            skipped[block.commands] = next(filter(None, reasons))
            continue
        deadline = time.monotonic() + RETRY_SECONDS
        while True:
            done = shell(edit(block.commands), env, cwd, seconds)
            if done.returncode == 0 or "retry" not in block.words or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        report = f"{block.commands}\nexit {done.returncode}, and printed:\n{done.stdout}"
        assert (done.returncode != 0) == ("fails" in block.words), report
        for output in block.outputs:
            if not any(conditions[word]() for word in output.words):
                try:
                    compare(output, done.stdout)
                except AssertionError as error:
                    raise AssertionError(f"{error} in\n{report}") from None
        ran += 1
    return ran, skipped
