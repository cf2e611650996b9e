# lib.sh - functions that the steps of the comparison share. Sourced with OUT set.
# shellcheck shell=bash

HOST_NAME=$(uname -n)
ENGINE_NAME="${ENGINE:-docker} $(docker version -f '{{.Server.Version}}')"

# The tag of a variant built with a flag; a plain build has the variant's name.
tag_of() { # VARIANT FLAG
	if [ "$2" = plain ]; then echo "hello:$1"; else echo "hello:$1-$2"; fi
}

# append VARIANT FLAG JSON: writes one raw sample: time, host, engine, image, flag, and the JSON's keys.
append() {
	jq -cn --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --arg host "$HOST_NAME" \
		--arg engine "$ENGINE_NAME" --arg image "$1" --arg flags "$2" \
		--arg id "$(docker image inspect -f '{{.Id}}' "$(tag_of "$1" "$2")" 2>/dev/null || true)" --argjson more "$3" \
		'{at: $at, host: $host, engine: $engine, image: $image, image_id: $id, flags: $flags} + $more' \
		>>"$OUT/samples.jsonl"
}

# sample VARIANT KEY VALUE [FLAG]: one figure; the key carries the unit, the value is JSON.
sample() { append "$1" "${4:-plain}" "{\"$2\": $3}"; }

# not_measured VARIANT KEY REASON [FLAG]: records why there is no figure.
not_measured() { append "$1" "${4:-plain}" "$(jq -n --arg key "$2" --arg why "$3" '{not_measured: {($key): $why}}')"; }

# hyperfine_samples VARIANT KEY FACTOR JSON [FLAG]: one sample for each run that hyperfine timed.
hyperfine_samples() {
	local value
	while read -r value; do
		sample "$1" "$2" "$value" "${5:-plain}"
	done < <(jq ".results[0].times[] * $3 * 1000 | round / 1000" "$4")
}
