# Question: what time is it in the log?
# Breaks:   UTC, whatever TZ says, and without a word: libc looks for the name's file in
#           /usr/share/zoneinfo, finds none and stays with UTC. Alpine has none either.
# One zone is one small file; the whole tzdata would be more than the service:
# mend: COPY --from=zones /usr/share/zoneinfo/Europe/Berlin /usr/share/zoneinfo/Europe/Berlin
# Without a file: TZ may hold the rule itself, -e TZ=CET-1CEST,M3.5.0,M10.5.0/3 (tzset(3)).
#
# docker build -t broken --target broken - < compare/broken/time-zone.Dockerfile

ARG HELLO=hello:scratch
ARG DEBIAN=debian:trixie-slim
FROM ${HELLO} AS hello
# Debian's base carries tzdata.
FROM ${DEBIAN} AS zones

FROM scratch AS broken
COPY --from=hello /hello /hello
USER 99:99
ENTRYPOINT ["/hello"]

FROM broken AS mended
COPY --from=zones /usr/share/zoneinfo/Europe/Berlin /usr/share/zoneinfo/Europe/Berlin
