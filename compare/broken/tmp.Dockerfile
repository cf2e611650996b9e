# Question: where does a program on scratch put a temporary file?
# Breaks:   nowhere: there is no /tmp, and mkstemp(3) fails with "No such file or directory".
# RUN can't make one without a shell, so another stage makes it, below a directory of its own:
# COPY takes what is in a directory and not the directory, so `COPY --from=tmp /out/tmp /tmp`
# would lose the mode 1777 and leave a /tmp that is root's.
# mend: COPY --from=tmp /out/ /
# Without a change of the image: docker run --tmpfs /tmp, which a read-only root needs anyway.
#
# docker build -t broken --target broken - < compare/broken/tmp.Dockerfile

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello
FROM ${ALPINE} AS tmp
# -m: the sticky bit too; mkdir's own mode would leave out what the umask takes.
RUN mkdir /out && mkdir -m 1777 /out/tmp

FROM scratch AS broken
COPY --from=hello /hello /hello
USER 99:99
ENTRYPOINT ["/hello"]

FROM broken AS mended
COPY --from=tmp /out/ /
