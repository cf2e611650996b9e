# Question: Where does a program on scratch put a temporary file?
# Breaks:   nowhere. There is no /tmp, and mkstemp(3) fails with "No such file or directory".
# RUN can't make one without a shell, so another stage makes it, in a parent directory:
# COPY copies the contents of a directory, not the directory itself. `COPY --from=tmp /out/tmp /tmp`
# would lose the mode 1777 and make /tmp root's.
# fix: COPY --from=tmp /out/ /
# Without a change of the image: docker run --tmpfs /tmp, which a read-only root needs anyway.
#
# docker build -t broken --target broken -f tmp.Dockerfile .

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello
FROM ${ALPINE} AS tmp
# -m sets the sticky bit, too, and ignores the umask.
RUN mkdir /out && mkdir -m 1777 /out/tmp

FROM scratch AS broken
COPY --from=hello /hello /hello
USER 99:99
ENTRYPOINT ["/hello"]

FROM broken AS fixed
COPY --from=tmp /out/ /
