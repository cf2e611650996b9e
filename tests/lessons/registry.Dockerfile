# A stand-in for registry:2, for machines that can't pull it: Debian's docker-registry, with the settings of the
# official image that the lessons rely on: port 5000, and layers in /var/lib/registry.
ARG DEBIAN=debian:trixie-slim
FROM ${DEBIAN}
COPY docker-registry /bin/registry
RUN printf '%s\n' 'version: 0.1' 'storage: {filesystem: {rootdirectory: /var/lib/registry}}' 'http: {addr: ":5000"}' \
	'log: {level: warn}' >/etc/registry.yml
VOLUME /var/lib/registry
EXPOSE 5000
LABEL hello.stand-in=registry:2
ENTRYPOINT ["/bin/registry", "serve", "/etc/registry.yml"]
