# lib.sh - what the steps of the comparison share. Sourced with OUT and VARIANTS set.
# shellcheck shell=bash

HOST_NAME=$(uname -n)
ENGINE_NAME="docker $(docker version -f '{{.Server.Version}}')"

image_id() { docker image inspect -f '{{.Id}}' "hello:$1"; }

# sample VARIANT KEY VALUE [FLAG]: appends one raw sample; KEY carries the unit.
sample() {
	jq -cn --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --arg host "$HOST_NAME" \
		--arg engine "$ENGINE_NAME" --arg image "$1" --arg id "$(image_id "$1")" \
		--arg flags "${4:-plain}" --arg key "$2" --argjson value "$3" \
		'{at: $at, host: $host, engine: $engine, image: $image, image_id: $id, flags: $flags, ($key): $value}' \
		>>"$OUT/samples.jsonl"
}

# hyperfine_samples VARIANT KEY FACTOR JSON: one sample for each run that hyperfine timed.
hyperfine_samples() {
	local seconds
	while read -r seconds; do
		sample "$1" "$2" "$(jq -n "$seconds * $3 * 1000 | round / 1000")"
	done < <(jq -r '.results[0].times[]' "$4")
}
