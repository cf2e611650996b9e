# Question: What if the platform picks the user id, as OpenShift does?
# Breaks:   the binary is executable only for its owner. Any other user id gets "permission
#           denied" before the first instruction runs. User 99 works.
# fix: RUN chmod 0755 /hello
# scratch has no chmod: set the mode in the stage that the file comes from.
#
# docker build -t broken --target broken -f arbitrary-uid.Dockerfile .

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello

FROM ${ALPINE} AS broken
COPY --from=hello /hello /hello
# The mode that a strict umask, or an archive of a home directory, leaves.
RUN chown 99:99 /hello && chmod 0700 /hello
USER 99:99
ENTRYPOINT ["/hello"]

FROM broken AS fixed
# Only the owner of a file may change its mode.
USER 99:99
RUN chmod 0755 /hello
