"""What tests of several modules compare with."""

import musl
import pytest


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    return musl.whole(tmp_path_factory.mktemp("whole"))
