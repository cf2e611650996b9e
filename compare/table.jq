# table.jq - report.json to report.md. A pure function of its input.
# compare/format.jq and bench/sections.jq precede it.
# A section without data is left out.

def article_mb: if . == null then dash else "\(.) MB" end;
def article_s: if . == null then dash else "\(.) s" end;

# Text of a command, for a cell of a table.
def cell: tostring | gsub("[\\n\\r]+"; " ") | gsub("\\|"; "\\|");

def row: "| " + join(" | ") + " |";
# Names on the left, figures on the right.
def head: row, ("|---|" + ("--:|" * (length - 1)));
def head_of_two_names: head | sub("^\\|---\\|--:"; "|---|---");

def plain: [.images[] | select(.flags == "plain")];
def any_measured($keys): any(.[] as $image | $keys[] | $image[.]; . != null);

# The median, and from the least to the greatest of the samples, where there are several.
def with_spread($key): . as $image | (.[$key] | show($key))
	+ (.spread[$key] | if . == null or .[0] == .[1] then "" else " (\(spread($key)))" end);

# A row for each image, a column for each figure that some image has.
def figures_table($title; $keys): plain as $images
	| [$keys[] | . as $key | select($images | any_measured([$key]))] as $columns
	| if $columns == [] then empty else
		"", "## \($title)", "",
		(["image", ($columns[] | caption)] | head),
		($images[] | . as $image | [.name, ($columns[] | . as $key | $image | with_spread($key) | cell)] | row)
	  end;

def sizes: plain as $images
	| if $images | any_measured(["zstd_bytes", "disk_bytes", "engine_size_bytes", "attestation_bytes", "wasted_bytes"]) then
		figures_table("Sizes, as measured"; ["size_bytes", "compressed_bytes", "zstd_bytes", "disk_bytes", "engine_size_bytes", "attestation_bytes", "wasted_bytes"])
	  else empty end;

def builds: plain as $images | .sample_repository.images as $theirs
	| if ($images | any_measured(["build_apt_s"]) | not) and ([.images[].flags] | unique) == ["plain"] then empty else
		"", "## Builds", "",
		(["image", "flag", "cold", "of it packages", "libraries", "hello", "from the sources", "warm", "size", "sample repository: plain or flag", "no cache"] | head_of_two_names),
		(.images as $all | $images[].name as $name | $all[] | select(.name == $name)
			| [.name, .flags, with_spread("build_cold_s"), (.build_apt_s, .build_libraries_s, .build_hello_s | seconds),
				(.headline.build_from_sources_s | seconds), with_spread("build_warm_s"), (.size_bytes | size),
				($theirs[.name]["\(.flags | gsub("-"; "_"))_s"] | article_s),
				(if .flags == "plain" then $theirs[.name].no_cache_s else null end | article_s)] | row),
		"",
		"Cold: `docker build --no-cache`, base images present, one run; a flag is measured by a warm build, which is all that it changes. alpine, distroless and scratch copy a finished binary: from the sources adds the stages that compile it. Sample repository: \(.sample_repository.source).",
		(if (.flags_notes // {}) == {} or ([.images[].flags] | unique) == ["plain"] then empty else
			"", (.flags_notes | to_entries[] | "- \(.key): \(.value)")
		 end)
	  end;

def transfers: (.transfers // []) as $rows
	| if $rows == [] then empty else
		"", "## Push and pull", "",
		(["image", "bandwidth", "round trip", "push", "pull"] | head_of_two_names),
		($rows[] | [.image, (.mbit_s | bandwidth), (if .rtt_ms == null then dash else "\(.rtt_ms) ms" end),
			((.push_s, .pull_s) | seconds) + (if .computed then " (computed)" else "" end)] | row),
		(if any($rows[]; .computed) then
			"", "Computed: from the compressed size and the bandwidth, not measured."
		else empty end)
	  end;

# Bytes to the last one: the platforms differ by few.
def platforms: (.platforms // []) as $platforms
	| if $platforms == [] then empty else
		"", "## Both platforms", "",
		(["bytes", ($platforms[] | .platform + (if .computed then ", computed" else "" end), "gzip")] | head),
		(["`/hello`", ($platforms[] | (.hello_bytes | thousands), "")] | row),
		(["`/hello` without TLS", ($platforms[] | (.minimal_hello_bytes | thousands), "")] | row),
		($platforms[0].images[].name as $name
			| ["layers of \($name)", ($platforms[].images[] | select(.name == $name) | (.size_bytes, .compressed_bytes) | thousands)] | row),
		"", "Layers: those that the image adds to its base. Computed: `/hello` is cross-compiled, and its layer takes the place of the other platform's."
	  end;

def peers: (.peers // []) as $peers
	| if $peers == [] then empty else
		"", "## What you would use instead", "",
		(["image", "size", "compressed", "files", "OS packages", "build, cold", "first response", "service alone", "memory, idle", "requests", "stop", "exit"] | head),
		(((plain | map(select(.name | IN("alpine", "scratch")))) + $peers)[] | . as $image
			| [(.name | IN("alpine", "scratch") | if . then "hello: " else "" end) + .name, (.headline.size_bytes, .headline.compressed_bytes | size), (.files | show("files")), (.os_packages | show("os_packages")),
				(.build_cold_s | seconds), (("first_response_ms", "service_start_ms", "idle_memory_bytes", "requests_per_s", "stop_ms") as $key | $image | with_spread($key)), (.exit_code | text)] | row),
		"", ($peers[] | "- \(.name): \(.title). It lacks: \(.lacks).")
	  end;

def pitfalls: (.pitfalls // []) as $pitfalls
	| if $pitfalls == [] then empty else
		"", "## Pitfalls", "",
		(plain | map(.name)) as $names
		| (["pitfall", $names[]] | row, ("|---|" + ("---|" * ($names | length)))),
		($pitfalls[] | . as $pitfall | [(.title | cell), ($names[] | $pitfall.results[.].state // dash)] | row)
	  end;

. as $report
| "Measured \($report.at) on \($report.host.cpus) CPUs (\($report.host.cpu)), \($report.host.platform), \($report.host.system), \($report.engine), \($report.builder), image store: \($report.image_store). Bases: "
	+ ([$report.bases | to_entries[] | "\(.key) is `\(.value.image)`, \(.value.source)"
		+ (if .value.source == "stand-in" then " for `\(.value.official)`" else "" end)] | join("; ")) + ".",
"",
(["image", "size", "compressed", "layers", "build, cold", "build, warm", "first response", "service alone", "stop", "exit", "article: size", "article: compressed"] | head),
($report | plain[] | $report.article.images[.name] as $article
	| [.name + (if .headline.how | startswith("measured with") then " \\*" else "" end), (.headline.size_bytes, .headline.compressed_bytes | size), (.layers | text),
		(.build_cold_s | number(1) | if . == dash then . else . + " s" end),
		with_spread("build_warm_s"), with_spread("first_response_ms"), with_spread("service_start_ms"), with_spread("stop_ms"), (.exit_code | text),
		($article.size_mb | article_mb), ($article.compressed_mb | article_mb)] | row),
"",
"Times are medians of \([$report | plain[].samples.first_response_ms | select(. != null)] | min) samples or more, with the least and the greatest in brackets; the cold build is one run. Cold: `--no-cache`, base images present. Warm: nothing changed. First response: from `docker start` to the first response. Service alone: from exec to the first response, without an engine. Stop: `docker stop`. Size: the layers' uncompressed bytes. Compressed: each layer with gzip, as a registry keeps it. kB and MB are decimal, as docker prints them. Article: \($report.article.source).",
(if any($report.bases[]; .source == "stand-in") then "" else empty end),
($report.official.bases // {} | to_entries[] | . as $base | select($report.bases[.key].source == "stand-in")
	| if .value.size_bytes == null then "- \\*: \(.value.image) can't be had here: \(.value.why). The figures are those of a stand-in."
	  else "- A stand-in took the place of \(.value.image); size and compressed are the official image's published bytes (\(.value.size_bytes | size), \(.value.compressed_bytes | size) compressed, \(.value.date), digest \(.value.digest)) and our layers as measured." end),
($report | plain[] | select(.name == "naive-gcc" and (.headline.how | startswith("computed")))
	| "- naive-gcc: \(.headline.how) (\($report.official.bases.gcc.image), \($report.official.bases.gcc.date))."),
($report | sizes),
($report | platforms),
($report | builds),
($report | transfers),
(if $report | plain | any_measured(["idle_memory_bytes", "requests_per_s", "cpu_us_per_request", "min_memory_bytes"]) then
	$report | figures_table("Running"; ["first_response_ms", "service_start_ms", "idle_memory_bytes", "min_memory_bytes", "requests_per_s",
		"cpu_us_per_request", "health", "stop_ms", "exit_code"])
	else empty end),
($report | figures_table("What is inside"; ["files", "executables", "setuid_files", "os_packages", "has_shell", "user", "cves", "cves_by_severity", "cves_of_sbom", "scanner_packages", "sbom_packages", "cve_scanner"])),
(if $report | plain | any_measured(["scanner_packages", "cves"]) then "", scanner_note else empty end),
($report | peers),
($report | pitfalls),
(if $report.bench == null then empty else
	"", "## Beside other servers", "", ($report.bench | "The service itself, measured \(.at) by `make bench`, without an image.", bench_markdown("###"))
	end)
