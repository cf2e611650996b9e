# Question: Which CAs does a program on scratch trust?
# Breaks:   none. There is no bundle, so each TLS connection that it opens fails with
#           "unknown authority". The build succeeds; only the running program fails.
# The fix copies the bundle from an image that has one:
# fix: COPY --from=certificates /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
#
# docker build -t broken --target broken -f ca-certificates.Dockerfile .

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello
FROM ${ALPINE} AS certificates

FROM scratch AS broken
COPY --from=hello /hello /hello
USER 99:99
ENTRYPOINT ["/hello"]

FROM broken AS fixed
COPY --from=certificates /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
