"""The black-box tests of HTTP once more, over TLS."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "http"))

from test_article import *  # noqa: E402,F401,F403
from test_lengths import *  # noqa: E402,F401,F403
from test_limits import *  # noqa: E402,F401,F403
from test_refusals import *  # noqa: E402,F401,F403
from test_routes import *  # noqa: E402,F401,F403

# Told otherwise over TLS, or at odds with a handshake that has to be waited for.
del test_whoami_tells_the_request  # noqa: F821
del test_connections_beyond_the_limit_wait  # noqa: F821
del test_one_address_has_a_limit_of_its_own  # noqa: F821

# No 408 can be put into a TLS stream from outside its event loop: the connection is closed.
del test_a_header_in_one_piece_too_slow  # noqa: F821
del test_a_header_octet_by_octet  # noqa: F821
del test_a_body_too_slow  # noqa: F821
del test_a_body_octet_by_octet  # noqa: F821

# These fill or measure the kernel's buffers, which TLS fills otherwise.
del test_a_client_that_never_reads  # noqa: F821
del test_a_client_that_reads_too_slowly  # noqa: F821
