# Question: Which process gets the SIGTERM of `docker stop`?
# Breaks:   PID 1, here a script without `exec`. The shell waits for its child and forwards
#           no signal, and the kernel has no default action for PID 1. After the grace period
#           all processes are killed, requests in flight are aborted, and the exit status is 137.
# fix: RUN printf '#!/bin/sh\nexec /hello "$@"\n' >/start
# With exec the service replaces the script and becomes PID 1. Better: no script.
#
# docker build -t broken --target broken -f signals.Dockerfile .

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello

FROM ${ALPINE} AS broken
COPY --from=hello /hello /hello
# The second command keeps the shell from optimising the fork away.
RUN printf '#!/bin/sh\n/hello "$@"\nexit $?\n' >/start && chmod 0755 /start
USER 99:99
ENTRYPOINT ["/start"]

FROM broken AS fixed
# Only root may write to /start.
USER 0:0
RUN printf '#!/bin/sh\nexec /hello "$@"\n' >/start
USER 99:99
