# Question: Who owns the working directory?
# Breaks:   root, like every directory made before USER. So the program can't write a file
#           there: "Permission denied". After USER it depends on the builder: BuildKit gives
#           the directory to that user, the legacy builder to root.
# fix: COPY --from=work /out/ /
# Made in another stage, with its owner; chown would need a shell here.
#
# docker build -t broken --target broken -f workdir.Dockerfile .

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

FROM broken AS fixed
COPY --from=work /out/ /
