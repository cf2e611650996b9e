# Question: who is 99?
# Breaks:   nobody knows. `docker run --user appuser` finds no such user, and so does whatever
#           calls getpwuid(3): ssh, git, a JVM's user.home. The service itself needs no name.
# adduser takes a distribution; two lines of text in another stage do the same:
# mend: COPY --from=users /out/ /
#
# docker build -t broken --target broken - < compare/broken/user-names.Dockerfile

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

FROM broken AS mended
COPY --from=users /out/ /
