# Question: Which addresses does the host have?
# Breaks:   only IPv4 ones, if IPv6 is turned off. Then an IPv6 address can't be bound, and the
#           service does not start. Some engines turn it off in every container, others only
#           on request, so the image works on one machine and fails on another.
# fix: ENV HELLO_ADDR=:1234
# Without a host it listens on IPv4 and IPv6, or on IPv4 alone if there is no IPv6.
#
# docker build -t broken --target broken -f no-ipv6.Dockerfile .

ARG HELLO=hello:scratch
FROM ${HELLO} AS broken
# Typical for a sidecar that only its own pod may reach.
ENV HELLO_ADDR=[::1]:1234

FROM broken AS fixed
ENV HELLO_ADDR=:1234
