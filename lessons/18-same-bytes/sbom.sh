#!/bin/sh
# Writes a software bill of materials, as an SPDX 2.3 document: the packages whose code a static program has.
set -eu
cat <<EOF
{"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "howdy",
 "documentNamespace": "https://example.com/howdy/$(sha256sum /howdy | cut -c 1-64)",
 "creationInfo": {"created": "1970-01-01T00:00:00Z", "creators": ["Tool: sbom.sh"]},
 "packages": [
EOF
# The C library, and the compiler's own functions.
# shellcheck disable=SC2016 # dpkg's own variables
dpkg-query -W -f '{"name": "${Package}", "SPDXID": "SPDXRef-${Package}", "versionInfo": "${Version}", "downloadLocation": "NOASSERTION"}\n' \
	libc6-dev 'libgcc-*-dev' | sed '$!s/$/,/'
echo ']}'
