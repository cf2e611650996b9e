"""The images as ci/images or a comparison left them; whoever runs these tests has built them."""

import json
import uuid

import pytest
from engine import VARIANTS, docker


@pytest.fixture(params=VARIANTS)
def variant(request):
    return request.param


@pytest.fixture
def config(variant):
    return json.loads(docker("image", "inspect", f"hello:{variant}").stdout)[0]["Config"]


@pytest.fixture
def container(request):
    """Runs containers that are gone after the test; their logs are shown when it fails."""
    names = []

    def run(image, *options, command=()):
        name = f"hello-test-{uuid.uuid4().hex[:12]}"
        names.append(name)
        docker("run", "-d", "--name", name, "-p", "127.0.0.1::1234", *options, image, *command)
        return name

    yield run
    for name in names:
        logs = docker("logs", name, check=False)
        print(f"--- log of {name}\n{logs.stdout}{logs.stderr}")
        docker("rm", "-f", name)
