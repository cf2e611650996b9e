#!/bin/sh
# Sends requests to howdy, port 1234, for some seconds, and says how many got no response. Each is tried twice, as a
# load balancer does: an address may be gone since the name was looked up. Kubernetes puts the address of the Service
# howdy into a variable of each pod, so a cluster without DNS will do.
#
# usage: client.sh SECONDS
set -eu
request() {
	/hello get -timeout 1s "http://${HOWDY_SERVICE_HOST:-howdy}:1234/" >/dev/null 2>&1
}
end=$(($(date +%s) + $1)) lost=0 served=0
while [ "$(date +%s)" -lt "$end" ]; do
	if request || request; then
		served=$((served + 1))
	else
		lost=$((lost + 1))
	fi
	sleep 0.05
done
[ "$served" -gt 0 ] || exit 1
[ "$lost" -eq 0 ] && echo "no request lost" || echo "requests lost: $lost"
