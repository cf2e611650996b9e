# Question: whom does a program on scratch trust?
# Breaks:   nobody. There is no bundle, so each TLS connection that it opens fails with
#           "unknown authority", and only once it runs: the build succeeds.
# The line that mends it takes the bundle from an image that has one:
# mend: COPY --from=certificates /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
#
# docker build -t broken --target broken - < compare/broken/ca-certificates.Dockerfile

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello
FROM ${ALPINE} AS certificates

FROM scratch AS broken
COPY --from=hello /hello /hello
USER 99:99
ENTRYPOINT ["/hello"]

FROM broken AS mended
COPY --from=certificates /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
