# report.jq - samples.jsonl (slurped) to report.json: medians with their spread; null and a reason for a
# figure without samples. A pure function of its input.
#
# --argjson version, host, engine, bases, article, sample_repository, official, mode, names, peers, notes, transfers, pitfalls, platforms
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
	"build_apt_s", "build_libraries_s", "build_hello_s",
	"first_response_ms", "service_start_ms", "idle_memory_bytes", "requests_per_s", "cpu_us_per_request",
	"min_memory_bytes", "health", "stop_ms", "exit_code",
	"cves", "cves_by_severity", "cves_of_sbom", "scanner_packages", "sbom_packages", "cve_scanner"];

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
	# From the least to the greatest.
	+ {spread: ($values | map_values(select(length > 1 and (map(type) | unique) == ["number"]) | [min, max]))}
	+ {not_measured: (reduce $figures[] as $key ({};
		if $values[$key] == [] then .[$key] = ($reasons[$key] // $reasons["*"] // "this run had no step for it") else . end))};

# What comes first in every table. Where a stand-in was the base, our layers as measured, and the published
# bytes of the official base; and a build from the sources, with the stage that compiles.
def base_of: {naive: "debian", "naive-tidied": "debian", "naive-gcc": "gcc", builder: "alpine", alpine: "alpine", distroless: "distroless",
	"go-naive": "debian", "go-builder": "alpine", "go-alpine": "alpine", "nginx-debian": "debian", "nginx-alpine": "alpine"}[.];
# naive-gcc, where the official gcc image could not be had: naive's layers after its packages, which that image has.
def on_gcc($layers): $official.bases.gcc as $published
	| [$layers[] | select(.image == "naive")] as $naive
	| ([$naive[] | select(.instruction | test("apt-get install")) | .index] | max) as $packages
	| if $published == null or $packages == null then {size_bytes: null, compressed_bytes: null, how: "measured"}
		else [$naive[] | select(.index > $packages)] as $ours
		| {size_bytes: ($published.size_bytes + ([$ours[].size_bytes] | add // 0)),
			compressed_bytes: ($published.compressed_bytes + ([$ours[].compressed_bytes] | add // 0)),
			how: "computed: the official gcc image as published, and the layers of naive after its packages"} end;
def headline($layers; $compile_s): . as $image
	| (.name | base_of) as $base | $bases[$base // ""] as $used | $official.bases[$base // ""] as $published
	# A stand-in is one layer, the first.
	| [$layers[] | select(.image == $image.name and .index > 0)] as $ours
	| (if $base == "gcc" and .size_bytes == null then on_gcc($layers)
		elif $base == null or $used.source != "stand-in" then {size_bytes, compressed_bytes, how: "measured"}
		elif ($published.size_bytes == null) or $image.size_bytes == null or $image.compressed_bytes == null
		then {size_bytes, compressed_bytes, how: "measured with a stand-in: \($published.why // "no published bytes")"}
		else {size_bytes: ($published.size_bytes + ([$ours[].size_bytes] | add // 0)),
			compressed_bytes: ($published.compressed_bytes + ([$ours[].compressed_bytes] | add // 0)),
			how: "computed: the official base as published, and our layers"} end)
	+ {build_from_sources_s: (if (.name | IN("naive", "naive-tidied", "naive-gcc", "builder", "go-naive", "go-builder", "nginx-debian", "nginx-alpine", "busybox-scratch")) then .build_cold_s
		elif .build_cold_s == null or $compile_s == null then null
		else .build_cold_s + $compile_s | . * 1000 | round / 1000 end)};

. as $samples
| ([$samples[] | select(.layer) | {image} + .layer] | sort_by([(.image as $image | $names | index([$image])), .index])) as $all_layers
| [$all_layers[] | select(.image as $image | $names | index([$image]))] as $layers
| [$names[] as $name
	| ([$samples[] | select(.image == $name) | .flags] | unique) as $seen
	| (["plain", "cache-from", "squash", "compress"] - (["plain", "cache-from", "squash", "compress"] - $seen))[] as $flags
	| image($samples; $name; $flags)] as $images
# All of builder's build but its last stage, which copies one file.
| ([$images[] | select(.name == "builder" and .flags == "plain") | .build_apt_s, .build_libraries_s, .build_hello_s]
	| if length == 3 and all(.[]; . != null) then add else null end) as $compile_s
| {
	project: "hello",
	version: $version,
	at: ($samples | map(.at) | min),
	host: $host,
	engine: $engine.engine,
	builder: $engine.builder,
	image_store: $engine.image_store,
	mode: $mode,
	bases: $bases,
	official: $official,
	images: ($images | map(if .flags == "plain" then . + {headline: headline($layers; $compile_s)} else . end)),
	layers: $layers,
	transfers: [$transfers[] | select(.image as $image | $names | index([$image]))],
	pitfalls: $pitfalls,
	platforms: $platforms,
	flags_notes: $notes,
	article: $article,
	sample_repository: $sample_repository
} + (if $peers == [] then {} else {
	# A binary that is copied is compiled by go-builder.
	peers: ([$peers[] | . as $peer | image($samples; .name; "plain") | {title: $peer.title, lacks: $peer.lacks} + .] as $made
		| [$made[] | select(.name == "go-builder") | .build_cold_s][0] as $compile_s
		| [$made[] | . + {headline: headline($all_layers; $compile_s)}]),
	peer_transfers: [$transfers[] | select(.image as $image | any($peers[]; .name == $image))]
} end) + (if $bench == [] then {} else {bench: $bench[0]} end)
