# diff.jq - two reports of a comparison to the figures that differ. A pure function of its input.
# compare/format.jq precedes it.
#
# --slurpfile old, new   --arg format lines|html   --argjson limit PERCENT   --rawfile style CSS

def h: tostring | @html;

def rows: .[0] | (.images[], (.peers // [])[]) | . as $i | to_entries[]
	| select(.key | test("_(bytes|s|ms|request)$") or IN("layers", "files", "executables", "setuid_files", "os_packages", "exit_code", "has_shell", "user", "health"))
	| {id: "\($i.name) \($i.flags // "plain") \(.key)", name: $i.name, flags: ($i.flags // "plain"), key, value};

# In the order of the new report, then what only the old one has.
def differences: [$new, $old | rows] as $all
	| (reduce ($old | rows) as $r ({}; .[$r.id] = $r.value)) as $before
	| (reduce ($new | rows) as $r ({}; .[$r.id] = $r.value)) as $after
	| (reduce $all[] as $r ([]; if any(.[]; .id == $r.id) then . else . + [$r] end))[]
	| . + {old: $before[.id], new: $after[.id]}
	| select(.old != .new)
	# What only one report has says nothing, except that it has an image more.
	| .id as $id | select((($before | has($id)) and ($after | has($id))) or (.key == "size_bytes" and .flags == "plain"))
	| if (.old | type) == "number" and (.new | type) == "number" and .old != 0 then
		.percent = ((.new - .old) * 1000 / .old | round / 10)
		| select((.key | test("_bytes$")) or (.percent | fabs) >= $limit)
	  else . end;

def change: if .percent == null then "" else "\(if .percent > 0 then "+" else "" end)\(.percent) %" end;

def line: if .percent == null then "\(.id): \(.old // "not measured") -> \(.new // "not measured")"
	else "\(.id): \(.old) -> \(.new) (\(change))" end;

def cell($key): if . == null then "<span class=\"none\">not measured</span>" else show($key) | h end;
def origin: "\(.version // .at | h): \(.engine | h)" + (if .builder then ", \(.builder | h)" else "" end) + ", \(.host.cpus | h) CPUs (\(.host.cpu | h))";
def page: [differences] as $rows
	| "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">
<link rel=\"icon\" href=\"data:,\">
<title>hello: two comparisons</title>
<style>
\($style)</style>
</head>
<body>
<header>
<h1>What changed between two comparisons</h1>
<dl class=\"facts\">
<dt>Old</dt><dd>\($old[0] | origin)</dd>
<dt>New</dt><dd>\($new[0] | origin)</dd>
</dl>
</header>
<main>
" + (if $rows == [] then "<p class=\"absent\">No figure differs by \($limit) % or more, and no number of bytes at all.</p>\n"
	else "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Differences\"><table class=\"numbers\"><caption>Figures that differ by \($limit) % or more, and all bytes</caption>
<thead><tr><th scope=\"col\">image</th><th scope=\"col\">figure</th><th scope=\"col\">old</th><th scope=\"col\">new</th><th scope=\"col\">change</th></tr></thead>
<tbody>
" + ($rows | map("<tr><th scope=\"row\">\(.name | h)\(if .flags == "plain" then "" else " <span class=\"quiet\">\(.flags | h)</span>" end)</th><td>\(.key | caption | h)</td><td>\(.key as $key | .old | cell($key))</td><td>\(.key as $key | .new | cell($key))</td><td>\(change | h)</td></tr>\n") | join(""))
	+ "</tbody></table></div>\n" end)
	+ "</main>
</body>
</html>";

if $format == "html" then page else differences | line end
