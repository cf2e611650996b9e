# table.jq - report.json to report.md. A pure function of its input.

def number($digits): if . == null then "–" else
	(. * pow(10; $digits) | round) as $n
	| ($n | tostring) as $t
	| if $digits == 0 then $t else
		("0" * ([$digits + 1 - ($t | length), 0] | max) // "") as $zeros
		| ($zeros + $t) as $p
		| $p[:-$digits] + "." + $p[-$digits:]
	  end end;

def size: if . == null then "–"
	elif . >= 1e8 then (. / 1e6 | number(0)) + " MB"
	elif . >= 1e6 then (. / 1e6 | number(2)) + " MB"
	else (. / 1e3 | number(0)) + " kB" end;

def article_mb: if . == null then "–" else "\(.) MB" end;
def article_s: if . == null then "–" else "\(.) s" end;

. as $report
| "Measured \($report.at) on \($report.host.cpus) CPUs (\($report.host.cpu)), \($report.host.system), \($report.engine). Bases: "
	+ ([$report.bases | to_entries[] | "\(.key) is `\(.value.image)`, \(.value.source)"
		+ (if .value.source == "stand-in" then " for `\(.value.official)`" else "" end)] | join("; ")) + ".",
"",
"| image | size | compressed | layers | build, cold | build, warm | first response | stop | exit | article: size | article: compressed | article: build, no cache | article: build, plain |",
"|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
($report.images[] | select(.flags == "plain") | $report.article.images[.name] as $article
	| "| \(.name) | \(.size_bytes | size) | \(.compressed_bytes | size) | \(.layers)"
	+ " | \(.build_cold_s | number(1)) s | \(.build_warm_s | number(2)) s"
	+ " | \(.first_response_ms | number(0)) ms | \(.stop_ms | number(0)) ms | \(.exit_code)"
	+ " | \($article.size_mb | article_mb) | \($article.compressed_mb | article_mb)"
	+ " | \($article.build_no_cache_s | article_s) | \($article.build_plain_s | article_s) |"),
"",
"Times are medians of \([$report.images[] | .samples.first_response_ms // empty] | min) samples, the cold build is one run. Cold: `--no-cache`, bases there; warm: nothing changed. First response: from `docker start` to the first answer. Stop: `docker stop`. Compressed: each layer with gzip, as a registry keeps it. kB and MB are decimal, as docker prints them.",
(if $report.bases.alpine.source == "stand-in" then
	"The stand-in for alpine is smaller than the official image: alpine 3.20 has 7.80 MB, 3.62 MB compressed."
	else empty end)
