# Question: who gets the SIGTERM of `docker stop`?
# Breaks:   PID 1, here a script that forgot `exec`. The shell waits for its child and passes
#           nothing on, and for PID 1 the kernel has no default action: after the grace period
#           everything is killed, requests in flight are cut off, and the exit status is 137.
# mend: RUN printf '#!/bin/sh\nexec /hello "$@"\n' >/start
# With exec the service takes the script's place and its number. Better still: no script.
#
# docker build -t broken --target broken - < compare/broken/signals.Dockerfile

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello

FROM ${ALPINE} AS broken
COPY --from=hello /hello /hello
# The second command keeps a clever shell from leaving out the fork by itself.
RUN printf '#!/bin/sh\n/hello "$@"\nexit $?\n' >/start && chmod 0755 /start
USER 99:99
ENTRYPOINT ["/start"]

FROM broken AS mended
# Only root may write to /start.
USER 0:0
RUN printf '#!/bin/sh\nexec /hello "$@"\n' >/start
USER 99:99
