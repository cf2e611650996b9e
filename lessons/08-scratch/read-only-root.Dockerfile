# Question: What does the program write at start?
# Breaks:   a pid file. With `docker run --read-only`, which hardened platforms require, the
#           start fails with "Read-only file system". Without the option it works.
# fix: VOLUME /state
# A volume stays writable and keeps the directory's owner. Without a change of the
# image: --tmpfs /state. Best: write nothing; PID 1 needs no pid file.
#
# docker build -t broken --target broken -f read-only-root.Dockerfile .

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello

FROM ${ALPINE} AS broken
COPY --from=hello /hello /hello
RUN mkdir /state && chown 99:99 /state
USER 99:99
ENTRYPOINT ["/bin/sh", "-c", "echo $$ >/state/pid && exec /hello"]

FROM broken AS fixed
VOLUME /state
