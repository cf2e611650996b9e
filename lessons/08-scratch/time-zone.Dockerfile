# Question: Which time does the log show?
# Breaks:   UTC, whatever TZ says, without a message. libc looks for the zone's file in
#           /usr/share/zoneinfo, and uses UTC if there is none. Alpine has none either.
# One zone is one small file; all of tzdata is larger than the service:
# fix: COPY --from=zones /usr/share/zoneinfo/Europe/Berlin /usr/share/zoneinfo/Europe/Berlin
# Without a file: TZ can hold the rule itself, -e TZ=CET-1CEST,M3.5.0,M10.5.0/3 (tzset(3)).
#
# docker build -t broken --target broken -f time-zone.Dockerfile .

ARG HELLO=hello:scratch
ARG DEBIAN=debian:trixie-slim
FROM ${HELLO} AS hello
# Debian's base has tzdata.
FROM ${DEBIAN} AS zones

FROM scratch AS broken
COPY --from=hello /hello /hello
USER 99:99
ENTRYPOINT ["/hello"]

FROM broken AS fixed
COPY --from=zones /usr/share/zoneinfo/Europe/Berlin /usr/share/zoneinfo/Europe/Berlin
