# Question: whose is the working directory?
# Breaks:   root's, as whatever is made before USER; so the program can't write a file where it
#           stands: "Permission denied". Below USER it depends on the builder: BuildKit gives
#           the directory to that user, the legacy builder to root again.
# mend: COPY --from=work /out/ /
# Made in another stage, with its owner; chown would need a shell here.
#
# docker build -t broken --target broken - < compare/broken/workdir.Dockerfile

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello
FROM ${ALPINE} AS work
RUN mkdir -p /out/work && chown 99:99 /out/work

FROM scratch AS broken
COPY --from=hello /hello /hello
WORKDIR /work
USER 99:99
ENTRYPOINT ["/hello"]

FROM broken AS mended
COPY --from=work /out/ /
