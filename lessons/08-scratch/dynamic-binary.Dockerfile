# Question: Which programs start on scratch?
# Breaks:   dynamic ones. The kernel starts the loader that the program names, /lib64/ld-linux-x86-64.so.2,
#           and scratch has none. "no such file or directory" is about the loader, not about the program.
# fix: COPY --from=hello /hello /hello
# A static program has no loader. Lesson 07 shows the other way: the libraries and the loader are copied, too.
#
# docker build -t broken --target broken -f dynamic-binary.Dockerfile .

ARG HELLO=hello:scratch
ARG DEBIAN=debian:trixie-slim
FROM ${HELLO} AS hello
FROM ${DEBIAN} AS debian

FROM scratch AS broken
# Any dynamic program will do.
COPY --from=debian /usr/bin/true /hello
USER 99:99
ENTRYPOINT ["/hello"]

FROM broken AS fixed
COPY --from=hello /hello /hello
