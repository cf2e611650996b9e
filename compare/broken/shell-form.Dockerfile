# Question: who starts `CMD /hello`?
# Breaks:   a shell. Without brackets the builder writes ["/bin/sh", "-c", "/hello"], and
#           scratch has no /bin/sh: the build succeeds, the container never starts.
# mend: CMD ["/hello"]
#
# docker build -t broken --target broken - < compare/broken/shell-form.Dockerfile

ARG HELLO=hello:scratch
FROM ${HELLO} AS hello

FROM scratch AS broken
COPY --from=hello /hello /hello
USER 99:99
CMD /hello

FROM broken AS mended
CMD ["/hello"]
