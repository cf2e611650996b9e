"""The commands of lesson 19 that need a cluster; tests/lessons runs the others."""

import os

import document
import hello
import pytest

LESSON = hello.ROOT / "lessons/19-kubernetes"

pytestmark = pytest.mark.skipif("CLUSTER_STATE" not in os.environ, reason="make k8s-test starts the cluster")


def test_a_rolling_restart_loses_no_request():
    text = (LESSON / "README.md").read_text()
    (block,) = [block for block in document.blocks(text) if "has-cluster" in block.words]
    only = f"```sh {' '.join(block.words)}\n{block.commands}```\n" + "".join(
        "```text\n" + "\n".join(output.lines) + "\n```\n" for output in block.outputs
    )
    assert document.run(only, os.environ, LESSON, {"has-cluster": lambda: None}, seconds=300) == (1, {})
