# Question: who collects the children that nobody waits for?
# Breaks:   nobody. PID 1 inherits every orphan; a `sleep` that keeps the container open never
#           calls wait(2), so each orphan stays as a zombie until the pid limit is reached.
# mend: ENTRYPOINT ["/hello"]
# The service waits for children that it never had. For a program that does not:
# docker run --init puts a small PID 1 before it.
#
# docker build -t broken --target broken - < compare/broken/zombies.Dockerfile

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello

FROM ${ALPINE} AS broken
COPY --from=hello /hello /hello
USER 99:99
ENTRYPOINT ["/bin/sh", "-c", "/hello & exec sleep 1000000"]

FROM broken AS mended
ENTRYPOINT ["/hello"]
