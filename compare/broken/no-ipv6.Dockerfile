# Question: which addresses does the host have?
# Breaks:   IPv4 ones only, where IPv6 is turned off: an IPv6 address can't be bound, and the
#           service does not start. Some engines turn it off in every container, others only
#           when told to: it works here and fails there.
# mend: ENV HELLO_ADDR=:1234
# Without a host it listens on both, and on IPv4 alone where that is all there is.
#
# docker build -t broken --target broken - < compare/broken/no-ipv6.Dockerfile

ARG HELLO=hello:scratch
FROM ${HELLO} AS broken
# As for a sidecar that only its own pod may reach.
ENV HELLO_ADDR=[::1]:1234

FROM broken AS mended
ENV HELLO_ADDR=:1234
