# Question: is appuser root?
# Breaks:   the kubelet can't tell. It sees the image's configuration and not its /etc/passwd,
#           so under runAsNonRoot it refuses to start the container ("image has non-numeric
#           user"). docker itself runs it, and that is why nobody notices before.
# mend: USER 99:99
#
# docker build -t broken --target broken - < compare/broken/numeric-user.Dockerfile

ARG HELLO=hello:scratch
FROM ${HELLO} AS broken
USER appuser

FROM broken AS mended
USER 99:99
