# Question: Which process reaps orphans?
# Breaks:   none. PID 1 inherits every orphan, but a `sleep` that keeps the container open never
#           calls wait(2), so each orphan stays a zombie until the pid limit is reached.
# fix: ENTRYPOINT ["/hello"]
# The service reaps children that it never started. For a program that does not:
# docker run --init runs a small PID 1 before it.
#
# docker build -t broken --target broken -f zombies.Dockerfile .

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello

FROM ${ALPINE} AS broken
COPY --from=hello /hello /hello
USER 99:99
ENTRYPOINT ["/bin/sh", "-c", "/hello & exec sleep 1000000"]

FROM broken AS fixed
ENTRYPOINT ["/hello"]
