# Question: whose is the working directory?
# Breaks:   root's. WORKDIR makes it as root even below `USER 99:99`, so the program can't write
#           a file where it stands: "Permission denied".
# mend: COPY --from=files /out/ /
# Made in another stage, with its owner; chown would need a shell here.
#
# docker build -t broken --target broken - < ci/compare/broken/workdir.Dockerfile

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello
FROM ${ALPINE} AS files
RUN mkdir -p /out/work && chown 99:99 /out/work

FROM scratch AS broken
COPY --from=hello /hello /hello
USER 99:99
WORKDIR /work
ENTRYPOINT ["/hello"]

FROM broken AS mended
COPY --from=files /out/ /
