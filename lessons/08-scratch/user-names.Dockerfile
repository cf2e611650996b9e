# Question: Which user is 99?
# Breaks:   unknown. `docker run --user appuser` finds no such user, and neither does a program
#           that calls getpwuid(3): ssh, git, a JVM's user.home. The service needs no name.
# adduser needs a distribution; two lines of text from another stage do the same:
# fix: COPY --from=users /out/ /
#
# docker build -t broken --target broken -f user-names.Dockerfile .

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello
FROM ${ALPINE} AS users
RUN mkdir -p /out/etc \
 && echo 'appuser:x:99:99:appuser:/:/sbin/nologin' >/out/etc/passwd \
 && echo 'appuser:x:99:' >/out/etc/group

FROM scratch AS broken
COPY --from=hello /hello /hello
USER 99:99
ENTRYPOINT ["/hello"]

FROM broken AS fixed
COPY --from=users /out/ /
