# readme-table.jq - a published run (compare/history) to README's table, in Markdown. A pure function of its input.
include "format" {search: "./"};

def bytes($key): if .headline then .headline[$key] else .[$key] end | size;
# A computed size is no measured one.
def mark: if (.headline.how // "" | startswith("computed")) then " \\*" elif (.headline.how // "" | startswith("measured with")) then " \\*\\*" else "" end;
def with_spread($key): (.[$key] | show($key)) + (.spread[$key] | if . == null or .[0] == .[1] then "" else " (\(spread($key)))" end);
def build: number(1) | if . == dash then . else . + " s" end;

# naive-gcc is computed and never built here; the report has it.
[.images[] | select((.flags // "plain") == "plain" and .name != "naive-gcc")] as $images
| [$images[] | select(mark == " \\*")] as $computed
| [$images[] | select(mark == " \\*\\*")] as $stand_in
| "| image | size | compressed | layers | build | from the sources | first response | service alone |",
"|---|--:|--:|--:|--:|--:|--:|--:|",
($images[] | "| \(.name)\(mark) | \(bytes("size_bytes")) | \(bytes("compressed_bytes")) | \(.layers | text) | \(.build_cold_s | build)"
	+ " | \(.headline.build_from_sources_s | build) | \(with_spread("first_response_ms")) | \(with_spread("service_start_ms")) |"),
"",
"Size: the layers' uncompressed bytes. Compressed: the layers with gzip, as a registry keeps them. 1 MB is 1,000,000 bytes. Build: `docker build --no-cache`, base images"
	+ " present, one run; from the sources: with the stage that compiles the binary. First response: from `docker start`, median of"
	+ " \([$images[].samples.first_response_ms | select(. != null)] | min) runs, with the least and the greatest. Service alone: from exec to the first response, without an engine."
	+ (if $computed == [] then "" else "\n\n\\* Computed: the official base image's published bytes ([compare/official.json](compare/official.json)) and our layers as measured." end)
	+ (if $stand_in == [] then "" else "\n\n\\*\\* Measured on a stand-in for the base image, whose exact bytes are not published." end),
"",
"Measured on \(.at[:10]): \(.host.cpus) CPUs (\(.host.cpu))\(if .host.platform then ", \(.host.platform)" else "" end), \(.host.system), \(.engine)"
	+ ([.builder, (.image_store | if . then "image store: \(.)" else null end)] | map(select(. != null)) | if . == [] then "" else ", " + join(", ") end) + "."
	+ ([.bases[] | select(.source == "stand-in")] | if . == [] then "" else
		" Base images were stand-ins: " + (map("`\(.image)` for `\(.official)`") | join(", ")) + "." end)
	+ (if .note then " \(.note)" else "" end)
