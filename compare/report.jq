# report.jq - samples.jsonl (slurped) to report.json: medians; null and a reason for a figure
# without samples. A pure function of its input.
#
# --argjson host, bases, article, names, notes, transfers, pitfalls, platforms
# --slurpfile bench, empty if there is none

def median:
	sort
	| if length == 0 then null
	  elif (map(type) | unique) != ["number"] then .[-1]
	  elif length % 2 == 1 then .[length / 2 | floor]
	  else (.[length / 2 - 1] + .[length / 2]) / 2 end;

def build_figures: ["size_bytes", "layers", "build_cold_s", "build_warm_s"];
def all_figures: build_figures + ["compressed_bytes", "zstd_bytes", "disk_bytes", "engine_size_bytes", "attestation_bytes", "wasted_bytes",
	"files", "executables", "setuid_files", "os_packages", "has_shell", "user", "push_s", "pull_s",
	"first_response_ms", "idle_memory_bytes", "requests_per_s", "cpu_us_per_request",
	"min_memory_bytes", "health", "stop_ms", "exit_code",
	"cves", "cves_by_severity", "cves_of_sbom", "scanner_packages", "cve_scanner"];

# Samples with a bandwidth are of a shaped link: they are only in .transfers. A registry's sizes are
# left out, because they would be mixed with gzip's.
def image($samples; $name; $flags):
	[$samples[] | select(.image == $name and .flags == $flags and (.mbit_s // null) == null
		and .registry != true)] as $own
	| (if $flags == "plain" then all_figures else build_figures end) as $figures
	| ([$own[] | .not_measured // empty] | add // {}) as $reasons
	| (reduce $figures[] as $key ({}; .[$key] = [$own[] | select(.[$key] != null) | .[$key]])) as $values
	| {name: $name, flags: $flags, image_id: ([$own[].image_id | select(. != "")] | last)}
	+ ($values | map_values(median))
	+ {samples: ($values | map_values(length) | with_entries(select(.value > 0)))}
	+ {not_measured: (reduce $figures[] as $key ({};
		if $values[$key] == [] then .[$key] = ($reasons[$key] // "this run had no step for it") else . end))};

. as $samples
| {
	project: "hello",
	at: ($samples | map(.at) | min),
	host: $host,
	engine: $samples[0].engine,
	bases: $bases,
	images: [$names[] as $name
		| ([$samples[] | select(.image == $name) | .flags] | unique) as $seen
		| (["plain", "cache-from", "no-cache", "squash", "compress"] - (["plain", "cache-from", "no-cache", "squash", "compress"] - $seen))[] as $flags
		| image($samples; $name; $flags)],
	layers: [$samples[] | select(.layer) | {image} + .layer],
	transfers: $transfers,
	pitfalls: $pitfalls,
	platforms: $platforms,
	flags_notes: $notes,
	article: $article
} + (if $bench == [] then {} else {bench: $bench[0]} end)
