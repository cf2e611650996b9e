# Question: What starts `CMD /hello`?
# Breaks:   a shell. Without brackets the builder writes ["/bin/sh", "-c", "/hello"], and
#           scratch has no /bin/sh. The build succeeds; the container never starts.
# fix: CMD ["/hello"]
#
# docker build -t broken --target broken -f shell-form.Dockerfile .

ARG HELLO=hello:scratch
FROM ${HELLO} AS hello

FROM scratch AS broken
COPY --from=hello /hello /hello
USER 99:99
CMD /hello

FROM broken AS fixed
CMD ["/hello"]
