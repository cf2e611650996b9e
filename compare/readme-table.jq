# readme-table.jq - docs/measured/report.json to README's table, in Markdown. A pure function of its input.
include "format" {search: "./"};

"| image | size | compressed | layers | build | first response |",
"|---|--:|--:|--:|--:|--:|",
(.images[] | "| \(.name) | \(.size_bytes | size) | \(.compressed_bytes | size) | \(.layers | text)"
	+ " | \(.build_cold_s | number(1) | if . == dash then . else . + " s" end) | \(.first_response_ms | milliseconds) |"),
"",
"Build: `docker build --no-cache`, base images present, one run. First response: from `docker start`, median of"
	+ " \([.images[].samples.first_response_ms] | min) runs. Compressed: the layers with gzip, as a registry keeps them. 1 MB is 1,000,000 bytes.",
"",
"Measured on \(.at[:10]): \(.host.cpus) CPUs (\(.host.cpu))\(if .host.platform then ", \(.host.platform)" else "" end), \(.host.system), \(.engine)."
	+ ([.bases[] | select(.source == "stand-in")] | if . == [] then "" else
		" Base images were stand-ins: " + (map("`\(.image)` for `\(.official)`") | join(", ")) + "." end)
	+ (if .bases.alpine.source == "stand-in" then
		" The stand-in for alpine is smaller than the official image, which has 7.80 MB, 3.62 MB compressed (alpine 3.20)." else "" end)
