"""One comparison for the tests of its figures, because it takes minutes."""

import pytest
from comparing import CONTENTS, run, traces


@pytest.fixture(scope="session")
def comparison(tmp_path_factory):
    """Its directory, the finished process, and the traces before and after."""
    out = tmp_path_factory.mktemp("compare")
    before = traces()
    done = run(out, RUNS="1", **CONTENTS)
    assert done.returncode == 0, done.stderr
    return out, done, before, traces()
