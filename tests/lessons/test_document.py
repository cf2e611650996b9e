"""tests/document.py itself: what it runs, and what it takes for equal."""

import os

import document
import pytest


def run(text, conditions=None, **kwargs):
    return document.run(text, os.environ, "/", conditions or {}, **kwargs)


def block(commands, shown="", check="", words="run"):
    text = f"```sh {words}\n{commands}\n```\n"
    if shown:
        text += f"```text\n{shown}\n```\n"
    if check:
        text += f"<!-- check: {check} -->\n"
    return text


def test_blocks_are_distinguished():
    text = "```sh\na\n```\nx\n```sh run fails\nb\nc\n```\n```text\nd\n```\n<!-- check: e -->\n```c\nf\n```\n"
    first, second = document.blocks(text)
    assert (first.words, first.commands, first.outputs) == ([], "a\n", [])
    assert (second.words, second.commands) == (["run", "fails"], "b\nc\n")
    assert second.outputs == [document.Output([], ["d"], "e")]


@pytest.mark.parametrize(
    "printed, shown",
    [
        ("a  b\tc", "a b c"),
        ("x a b y", "a b"),
        ("a\nb\nc", "a\nc"),
        ("a\nb\nc", "a\n…\nc"),
        ("#7 RUN cc -o x # buildkit", "RUN … x"),
        ("397MB", "1.5GB"),
        ("0B x", "4.1kB x"),
        ("12 MiB", "3MiB"),
        ("real\t0m10.345s", "real 0m0.4s"),
        ("took 80 ms", "took 3 s"),
        ("16232 /howdy", "900000 /howdy"),
        ("a.b", "a.b"),
    ],
)
def test_equal(printed, shown):
    assert run(block(f"cat <<'end'\n{printed}\nend", shown)) == (1, {})


@pytest.mark.parametrize(
    "printed, shown",
    [
        ("a", "b"),
        ("b\na", "a\nb"),
        ("a", "a\na"),
        ("a RUN", "RUN … x"),
        ("397MB", "3 s"),
        ("none", "1MB"),
        ("1234", "1235"),
        ("localhost:12345", "localhost:54321"),
        ("axb", "a.b"),
    ],
)
def test_different(printed, shown):
    with pytest.raises(AssertionError, match="want"):
        run(block(f"cat <<'end'\n{printed}\nend", shown))


def test_a_check_is_about_figures_shown_and_printed():
    smaller = "figure[0] < figure[1] / 10"
    run(block("echo 1MB; echo 1GB", "2MB\n1GB", smaller))
    run(block("echo 0m0.4s; echo 10 s", "0m0.2s\n11 s", smaller))
    with pytest.raises(AssertionError, match="is printed"):
        run(block("echo 1MB; echo 2MB", "2MB\n1GB", smaller))
    with pytest.raises(AssertionError, match="is shown"):
        run(block("echo 2MB; echo 1GB", "1MB\n2MB", smaller))


def test_statuses():
    run(block("false", words="run fails"))
    for commands, words in (("false", "run"), ("false | true", "run"), ("true", "run fails"), ("false; true", "run")):
        with pytest.raises(AssertionError, match="exit"):
            run(block(commands, words=words))


def test_retry(tmp_path):
    run(block(f"echo >>{tmp_path}/n; test $(wc -l <{tmp_path}/n) = 3", words="run retry"))


def test_conditions():
    conditions = {"no": lambda: "reason", "yes": lambda: None}
    text = block("true", words="run yes") + block("false", words="run no")
    text += block("echo a", "a") + "```text no\nb\n```\n"
    assert run(text, conditions) == (2, {"false\n": "reason"})
    with pytest.raises(AssertionError, match="b"):
        run(text.replace("text no", "text yes"), conditions)
    with pytest.raises(AssertionError, match="unknown words"):
        run(block("true", words="run other"))


def test_a_block_that_is_not_run_expects_nothing():
    assert run(block("false", words="")) == (0, {})
    with pytest.raises(AssertionError, match="nothing can be expected"):
        run(block("false", "a", words=""))
