"""The black-box tests of HTTP once more, over TLS."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "http"))

from test_article import *  # noqa: E402,F401,F403
from test_lengths import *  # noqa: E402,F401,F403
from test_lifecycle import (  # noqa: E402,F401
    test_a_drain_loses_no_request_of_busy_clients,
)
from test_limits import *  # noqa: E402,F401,F403
from test_refusals import *  # noqa: E402,F401,F403
from test_routes import *  # noqa: E402,F401,F403

# These differ over TLS, or conflict with the wait for a handshake.
del test_whoami_describes_the_request  # noqa: F821
del test_connections_beyond_the_limit_wait  # noqa: F821
del test_one_address_has_a_limit_of_its_own  # noqa: F821

# It depends on how many plain bytes the kernel buffers.
del test_a_client_that_reads_too_slowly  # noqa: F821
