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

def plain: [.images[] | select(.flags == "plain")];
def any_measured($keys): any(.[] as $image | $keys[] | $image[.]; . != null);

# A row for each image, a column for each figure that some image has.
def figures_table($title; $keys): plain as $images
	| [$keys[] | . as $key | select($images | any_measured([$key]))] as $columns
	| if $columns == [] then empty else
		"", "## \($title)", "",
		(["image", ($columns[] | caption)] | head),
		($images[] | . as $image | [.name, ($columns[] | . as $key | $image[$key] | show($key) | cell)] | row)
	  end;

def builds: [.images[].flags] as $flags
	| if ($flags | unique) == ["plain"] then empty else
		"", "## Build times by flag", "",
		(["image", "flag", "build, cold", "build, warm", "size", "article: build"] | head
			| sub("^\\|---\\|--:"; "|---|---")),
		(.article.images as $article | .images as $images | plain[].name as $name | $images[] | select(.name == $name)
			| [.name, .flags, (.build_cold_s | seconds), (.build_warm_s | seconds), (.size_bytes | size),
				($article[.name]["build_\(.flags | gsub("-"; "_"))_s"] | article_s)] | row),
		(if (.flags_notes // {}) == {} then empty else
			"", (.flags_notes | to_entries[] | "- \(.key): \(.value)")
		 end)
	  end;

def transfers: (.transfers // []) as $rows
	| if $rows == [] then empty else
		"", "## Push and pull", "",
		(["image", "bandwidth", "round trip", "push", "pull"] | head | sub("^\\|---\\|--:"; "|---|---")),
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

def pitfalls: (.pitfalls // []) as $pitfalls
	| if $pitfalls == [] then empty else
		"", "## Pitfalls", "",
		(plain | map(.name)) as $names
		| (["pitfall", $names[]] | row, ("|---|" + ("---|" * ($names | length)))),
		($pitfalls[] | . as $pitfall | [(.title | cell), ($names[] | $pitfall.results[.].state // dash)] | row)
	  end;

. as $report
| "Measured \($report.at) on \($report.host.cpus) CPUs (\($report.host.cpu)), \($report.host.platform), \($report.host.system), \($report.engine). Bases: "
	+ ([$report.bases | to_entries[] | "\(.key) is `\(.value.image)`, \(.value.source)"
		+ (if .value.source == "stand-in" then " for `\(.value.official)`" else "" end)] | join("; ")) + ".",
"",
"| image | size | compressed | layers | build, cold | build, warm | first response | stop | exit | article: size | article: compressed | article: build, no cache | article: build, plain |",
"|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
($report | plain[] | $report.article.images[.name] as $article
	| "| \(.name) | \(.size_bytes | size) | \(.compressed_bytes | size) | \(.layers | text)"
	+ " | \(.build_cold_s | number(1) | if . == dash then . else . + " s" end)"
	+ " | \(.build_warm_s | number(2) | if . == dash then . else . + " s" end)"
	+ " | \(.first_response_ms | milliseconds) | \(.stop_ms | milliseconds) | \(.exit_code | text)"
	+ " | \($article.size_mb | article_mb) | \($article.compressed_mb | article_mb)"
	+ " | \($article.build_no_cache_s | article_s) | \($article.build_plain_s | article_s) |"),
"",
"Times are medians of \([$report | plain[].samples.first_response_ms | select(. != null)] | min) samples; the cold build is one run. Cold: `--no-cache`, base images present. Warm: nothing changed. First response: from `docker start` to the first response. Stop: `docker stop`. Size: the layers' uncompressed bytes. Compressed: each layer with gzip, as a registry keeps it. kB and MB are decimal, as docker prints them.",
(if $report.bases.alpine.source == "stand-in" then
	"The stand-in for alpine is smaller than the official image: alpine 3.20 has 7.80 MB, 3.62 MB compressed."
	else empty end),
(if $report | plain | any_measured(["zstd_bytes", "disk_bytes", "engine_size_bytes", "attestation_bytes", "wasted_bytes"]) then
	$report | figures_table("Sizes"; ["size_bytes", "compressed_bytes", "zstd_bytes", "disk_bytes", "engine_size_bytes", "attestation_bytes", "wasted_bytes"])
	else empty end),
($report | platforms),
($report | builds),
($report | transfers),
(if $report | plain | any_measured(["idle_memory_bytes", "requests_per_s", "cpu_us_per_request", "min_memory_bytes"]) then
	$report | figures_table("Running"; ["first_response_ms", "idle_memory_bytes", "min_memory_bytes", "requests_per_s",
		"cpu_us_per_request", "health", "stop_ms", "exit_code"])
	else empty end),
($report | figures_table("What is inside"; ["files", "executables", "setuid_files", "os_packages", "has_shell", "user", "cves", "cves_by_severity", "cves_of_sbom", "scanner_packages", "cve_scanner"])),
($report | pitfalls),
(if $report.bench == null then empty else
	"", "## Beside other servers", "", ($report.bench | "The service itself, measured \(.at) by `make bench`, without an image.", bench_markdown("###"))
	end)
