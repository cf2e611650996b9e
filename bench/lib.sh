# lib.sh - functions that the steps of the bench share. Sourced with OUT set.
# shellcheck shell=bash

HOST_NAME=$(uname -n)

# append SERVER JSON: writes one raw sample: time, host, server, and the JSON's keys.
append() {
	jq -cn --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --arg host "$HOST_NAME" \
		--arg server "$1" --argjson more "$2" \
		'{at: $at, host: $host, server: $server} + $more' >>"$OUT/samples.jsonl"
}

# not_measured SERVER KEY REASON: records why there is no figure.
not_measured() { append "$1" "$(jq -n --arg key "$2" --arg why "$3" '{not_measured: {($key): $why}}')"; }

# Prints the pids of a server and its workers, which are its children.
processes() { # PID
	echo "$1"
	pgrep -P "$1" || true
}

# Prints the nanoseconds on a CPU and in the run queue so far, of all threads of all processes
# (Documentation/scheduler/sched-stats.rst). More precise than the ticks of /proc/PID/stat.
cpu_ns() { # PID
	local pid
	for pid in $(processes "$1"); do
		cat "/proc/$pid"/task/*/schedstat
	done | awk '{ ran += $1; waited += $2 } END { printf "%.0f %.0f\n", ran, waited }'
}

# Prints the proportional set size: memory shared with other processes counts in part (proc(5)).
memory_bytes() { # PID
	local pid
	for pid in $(processes "$1"); do
		cat "/proc/$pid/smaps_rollup"
	done | awk '/^Pss:/ { sum += $2 } END { printf "%.0f\n", sum * 1024 }'
}
