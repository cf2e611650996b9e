# Question: What runs the health check?
# Breaks:   the container itself, with the tools of its image. curl and the shell around it are
#           missing, so a healthy service is reported as unhealthy, and an orchestrator
#           replaces it again and again.
# fix: HEALTHCHECK --interval=1s --retries=3 CMD ["/hello", "healthcheck"]
#
# docker build -t broken --target broken -f healthcheck.Dockerfile .

ARG HELLO=hello:scratch
FROM ${HELLO} AS hello

FROM scratch AS broken
COPY --from=hello /hello /hello
USER 99:99
HEALTHCHECK --interval=1s --retries=3 CMD curl -f http://localhost:1234/healthz
ENTRYPOINT ["/hello"]

FROM broken AS fixed
HEALTHCHECK --interval=1s --retries=3 CMD ["/hello", "healthcheck"]
