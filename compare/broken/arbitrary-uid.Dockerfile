# Question: what if the platform picks the user id, as OpenShift does?
# Breaks:   the binary is executable for its owner alone: any other id gets "permission denied"
#           before the first instruction runs. As 99 everything is fine.
# mend: RUN chmod 0755 /hello
# On scratch there is no chmod: get the mode right in the stage that the file comes from.
#
# docker build -t broken --target broken - < compare/broken/arbitrary-uid.Dockerfile

ARG HELLO=hello:scratch
ARG ALPINE=alpine:3.22
FROM ${HELLO} AS hello

FROM ${ALPINE} AS broken
COPY --from=hello /hello /hello
# What a careful umask, or an archive of somebody's home directory, leaves.
RUN chown 99:99 /hello && chmod 0700 /hello
USER 99:99
ENTRYPOINT ["/hello"]

FROM broken AS mended
# chmod is for the file's owner.
USER 99:99
RUN chmod 0755 /hello
