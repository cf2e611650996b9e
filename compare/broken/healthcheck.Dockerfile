# Question: what runs the health check?
# Breaks:   the container itself, with the tools of its image. curl and the shell around it are
#           not there, so a service that is well is called unhealthy, and an orchestrator
#           replaces it for ever.
# mend: HEALTHCHECK --interval=1s --retries=3 CMD ["/hello", "healthcheck"]
#
# docker build -t broken --target broken - < compare/broken/healthcheck.Dockerfile

ARG HELLO=hello:scratch
FROM ${HELLO} AS hello

FROM scratch AS broken
COPY --from=hello /hello /hello
USER 99:99
HEALTHCHECK --interval=1s --retries=3 CMD curl -f http://localhost:1234/healthz
ENTRYPOINT ["/hello"]

FROM broken AS mended
HEALTHCHECK --interval=1s --retries=3 CMD ["/hello", "healthcheck"]
