# Question: What does `docker exec -it NAME sh` start?
# Breaks:   a program of the image, and scratch has no sh: 'exec: "sh": executable
#           file not found in $PATH'. For this reason the article's team kept alpine.
# A shell is one file, two if it is not static:
# fix: COPY --from=shell /out/ /
# It also serves an intruder. ci/debug brings a shell from outside, for as long as you need
# it, and does not change the image: docs/debugging.md.
#
# docker build -t broken --target broken -f exec-shell.Dockerfile .

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello
FROM ${ALPINE} AS shell
# busybox is a shell when its name is sh. Alpine's needs musl's loader; a static one does not.
RUN mkdir -p /out/bin /out/lib \
 && cp /bin/busybox /out/bin/sh \
 && cp /lib/ld-musl-*.so.1 /out/lib/

FROM scratch AS broken
COPY --from=hello /hello /hello
USER 99:99
ENTRYPOINT ["/hello"]

FROM broken AS fixed
COPY --from=shell /out/ /
