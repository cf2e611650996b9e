# Question: Is appuser root?
# Breaks:   the kubelet can't know. It sees the image's configuration, not its /etc/passwd,
#           so under runAsNonRoot it refuses to start the container ("image has non-numeric
#           user"). docker runs the image, so the fault shows only in the cluster.
# fix: USER 99:99
#
# docker build -t broken --target broken -f numeric-user.Dockerfile .

ARG HELLO=hello:scratch
FROM ${HELLO} AS broken
USER appuser

FROM broken AS fixed
USER 99:99
