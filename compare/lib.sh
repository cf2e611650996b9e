# lib.sh - functions that the steps of the comparison share. Sourced with OUT set.
# shellcheck shell=bash

# A tool that fails in $(...) ends the step, too. No step reads a process substitution: bash does not
# report the exit status of its command.
shopt -s inherit_errexit

HOST_NAME=$(uname -n)
ENGINE_NAME="${ENGINE:-docker} $(docker version -f '{{.Server.Version}}')"

# Whether a variant is a peer: compare/peers/peers.json lists them all.
is_peer() { # VARIANT
	case $1 in go-* | nginx-* | busybox-*) return 0 ;; *) return 1 ;; esac
}

# The tag of a variant built with a flag; a plain build has the variant's name.
tag_of() { # VARIANT [FLAG]
	local repository=hello
	! is_peer "$1" || repository=hello-peer
	if [ "${2:-plain}" = plain ]; then echo "$repository:$1"; else echo "$repository:$1-$2"; fi
}

# append VARIANT FLAG JSON: writes raw samples, one for each JSON object: time, host, engine, image, flag, and the
# object's keys. One call for many costs what one call for one does, which is the start of two programs.
append() {
	local id
	id=$(docker image inspect -f '{{.Id}}' "$(tag_of "$1" "$2")" 2>/dev/null) || id=
	jq -c --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --arg host "$HOST_NAME" \
		--arg engine "$ENGINE_NAME" --arg image "$1" --arg flags "$2" --arg id "$id" \
		'{at: $at, host: $host, engine: $engine, image: $image, image_id: $id, flags: $flags} + .' \
		<<<"$3" >>"$OUT/samples.jsonl"
}

# sample VARIANT KEY VALUE [FLAG]: one figure; the key carries the unit, the value is JSON.
sample() { append "$1" "${4:-plain}" "{\"$2\": $3}"; }

# not_measured VARIANT KEYS REASON [FLAG]: records why there are no figures; KEYS are words.
not_measured() {
	local reason
	reason=$(jq -n --arg keys "$2" --arg why "$3" '{not_measured: ($keys | split(" ") | map({key: ., value: $why}) | from_entries)}')
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
	local values
	values=$(hyperfine_times "$4" "$3")
	samples "$1" "$2" "$values" "${5:-plain}"
}

# samples VARIANT KEY NUMBERS [FLAG]: one sample for each number.
samples() {
	local objects
	objects=$(jq -c --arg key "$2" '{($key): .}' <<<"$3")
	append "$1" "${4:-plain}" "$objects"
}
