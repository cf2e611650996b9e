# lib.sh - functions that the steps of the comparison share. Sourced with OUT set.
# shellcheck shell=bash

# A tool that fails in $(...) ends the step, too. No step reads a process substitution: bash does not
# report the exit status of its command.
shopt -s inherit_errexit

HOST_NAME=$(uname -n)
ENGINE_NAME="${ENGINE:-docker} $(docker version -f '{{.Server.Version}}')"

# The tag of a variant built with a flag; a plain build has the variant's name.
tag_of() { # VARIANT FLAG
	if [ "$2" = plain ]; then echo "hello:$1"; else echo "hello:$1-$2"; fi
}

# append VARIANT FLAG JSON: writes one raw sample: time, host, engine, image, flag, and the JSON's keys.
append() {
	local id
	id=$(docker image inspect -f '{{.Id}}' "$(tag_of "$1" "$2")" 2>/dev/null) || id=
	jq -cn --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --arg host "$HOST_NAME" \
		--arg engine "$ENGINE_NAME" --arg image "$1" --arg flags "$2" \
		--arg id "$id" --argjson more "$3" \
		'{at: $at, host: $host, engine: $engine, image: $image, image_id: $id, flags: $flags} + $more' \
		>>"$OUT/samples.jsonl"
}

# sample VARIANT KEY VALUE [FLAG]: one figure; the key carries the unit, the value is JSON.
sample() { append "$1" "${4:-plain}" "{\"$2\": $3}"; }

# not_measured VARIANT KEY REASON [FLAG]: records why there is no figure.
not_measured() {
	local reason
	reason=$(jq -n --arg key "$2" --arg why "$3" '{not_measured: {($key): $why}}')
	append "$1" "${4:-plain}" "$reason"
}

# hyperfine_times JSON [FACTOR]: prints the seconds of each run that hyperfine timed, times FACTOR, a
# line each. hyperfine 1 exports .times, version 2 .measurements.
hyperfine_times() {
	jq -n --argjson factor "${2:-1}" 'input | .results[0] | if has("times") then .times else [.measurements[].time_wall_clock.value] end
		| if length > 0 and all(.[]; type == "number") then .[] * $factor * 1000 | round / 1000
		else error("hyperfine exported no times, or in an unknown form") end' "$1"
}

# hyperfine_samples VARIANT KEY FACTOR JSON [FLAG]: one sample for each run that hyperfine timed.
hyperfine_samples() {
	local values value
	values=$(hyperfine_times "$4" "$3")
	for value in $values; do
		sample "$1" "$2" "$value" "${5:-plain}"
	done
}
