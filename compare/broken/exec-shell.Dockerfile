# Question: what does `docker exec -it NAME sh` start?
# Breaks:   a file of the image, and scratch has none of that name: 'exec: "sh": executable
#           file not found in $PATH'. For this the article's team stayed with alpine.
# A shell is one file, two where it is not static:
# mend: COPY --from=shell /out/ /
# It serves an intruder as well. ci/debug brings the shell from outside, for as long as you
# look, and leaves the image alone: docs/debugging.md.
#
# docker build -t broken --target broken - < compare/broken/exec-shell.Dockerfile

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello
FROM ${ALPINE} AS shell
# Called sh, busybox is a shell. Alpine's asks for musl's loader; a static one ignores it.
RUN mkdir -p /out/bin /out/lib \
 && cp /bin/busybox /out/bin/sh \
 && cp /lib/ld-musl-*.so.1 /out/lib/

FROM scratch AS broken
COPY --from=hello /hello /hello
USER 99:99
ENTRYPOINT ["/hello"]

FROM broken AS mended
COPY --from=shell /out/ /
