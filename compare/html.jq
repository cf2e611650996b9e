# html.jq - report.json to report.html: one page with charts and tables.
# compare/format.jq and bench/sections.jq precede it. A pure function of its input. Everything that comes from data passes through `h`.
#
# --rawfile style CSS  --rawfile wide, narrow, history SVG (empty: no picture)  --slurpfile raw SAMPLES
# --slurpfile runs REPORTS, of published runs  --slurpfile choices FILE, choices.json

def h: tostring | @html;
def plain: [.images[] | select(.flags == "plain")];
def list($key): .[$key] // [];
def slug: gsub("[^A-Za-z0-9]+"; "-");

# ---- raw samples: a row has all samples of one image, flag, bandwidth and set of keys ---------

def common: ["at", "host", "engine", "image", "image_id", "flags", "mbit_s", "rtt_ms"];
def raw_rows: [.images[].name, list("peers")[].name] as $names | ["plain", "cache-from", "squash", "compress"] as $flags
	| [$raw[] | {image, flags: (.flags // "plain"), at, mbit_s, rtt_ms,
		values: with_entries(select(.key as $key | common | index([$key]) | not))} | .keys = (.values | keys_unsorted)]
	| group_by([.image, .flags, .keys, .mbit_s, .rtt_ms])
	| map(.[0] + {values: map(.values), first: (map(.at) | min), last: (map(.at) | max)}
		| .id = (["raw", .image, .flags, .keys[], .mbit_s, .rtt_ms] | map(select(. != null) | tostring) | join(" ") | slug))
	| sort_by([(.image as $image | $names | index([$image])), (.flags as $flag | $flags | index([$flag])), .keys]);
def place_of($image; $flags; $key; $mbit_s): [$image, $flags, $key, $mbit_s] | tojson;
# The row of a figure's samples, by its place with the round trip and without it.
def places: reduce (.[] | . as $row | .keys[] | [$row, .]) as [$row, $key] ({};
	place_of($row.image; $row.flags; $key; $row.mbit_s) as $place
	| .["\($place) \($row.rtt_ms)"] = {id: $row.id, count: ($row.values | length)}
	| .[$place] = (.[$place] // {id: $row.id, count: ($row.values | length)}));
def counted: if . == null then "" elif . == 1 then "1 sample; " else "median of \(.) samples; " end;

# A figure links to its samples; a missing one gives the reason.
def missing($why): "<span class=\"none\" title=\"not measured: \($why | h)\">–<span class=\"unseen\"> not measured: \($why | h)</span></span>";
def linked($id; $from): if $id == null then "<span title=\"\($from | h)\">\(.)</span>"
	else "<a class=\"figure\" href=\"#\($id)\" title=\"\($from | h)\">\(.)</a>" end;
def figure($ids; $key): . as $image
	| if .[$key] == null then missing(.not_measured[$key] // "no reason was given")
	  else .[$key] | show($key) | h
		| linked($ids[place_of($image.name; $image.flags; $key; null)].id;
			"\($image.samples[$key] | counted)\($key) of \($image.name), \($image.flags), in samples.jsonl")
	  end;
# With the least and the greatest of its samples.
def figure_and_spread($ids; $key): figure($ids; $key)
	+ (.spread[$key] | if . == null or .[0] == .[1] then "" else "<br><span class=\"quiet\">\(spread($key) | h)</span>" end);
# A figure of the head: computed where a stand-in took a base's place.
def headline($ids; $key): . as $image
	| if .headline == null or .headline.how == "measured" then figure($ids; $key)
	  elif .headline[$key] == null then missing(.not_measured[$key] // "no reason was given")
	  else "<span title=\"\(.headline.how | h)\">\(.headline[$key] | show($key) | h)\(if .headline.how | startswith("computed") then " <span class=\"tag\">computed</span>" else " <span class=\"tag\">stand-in</span>" end)</span>" end;
def head_bytes($key): if .headline == null then .[$key] else .headline[$key] end;
# The figures of the article have no samples of ours.
def published($unit): if . == null then "<span class=\"none\">–</span>" else "\(. | h) \($unit)" end;

# ---- scales ------------------------------------------------------------------------------------

# {low, high}: the powers of ten around the numbers. low is a little below the smallest number, so that
# its bar is visible: a logarithmic axis has no zero.
def decades: map(select(. != null and . > 0) | log10)
	| if length == 0 then {low: 0, high: 1} else
		{low: (min - 0.15 | floor), high: (max | ceil)} | .high = ([.high, .low + 1] | max) end;
def place($scale): if . == null or . <= 0 then 0 else
	(log10 - $scale.low) / ($scale.high - $scale.low) * 100 | [[., 0] | max, 100] | min end
	| . * 100 | round / 100;
def axis($scale; show): ($scale.high - $scale.low) as $steps
	| "<div class=\"axis\" aria-hidden=\"true\"><span class=\"ticks\">"
	+ ([range($steps + 1) | . as $i | pow(10; $scale.low + $i) | "<span style=\"left:\($i / $steps * 10000 | round / 100)%\">\(show | h)</span>"] | join(""))
	+ "</span></div>";
def round_size: if . >= 1e9 then "\(. / 1e9) GB" elif . >= 1e6 then "\(. / 1e6) MB" elif . >= 1e3 then "\(. / 1e3) kB" else "\(.) B" end;
def round_number: if . >= 1 then round else . end | tostring;

# ---- parts ---------------------------------------------------------------------------------------

def section($id; $title; body): "<section id=\"\($id)\" aria-labelledby=\"\($id)-title\">\n<h2 id=\"\($id)-title\">\($title | h)</h2>\n" + body + "\n</section>\n";
def note: "<p class=\"note\">" + . + "</p>\n";
def not_measured_section($what): "<p class=\"absent\">Not measured: this report has no \($what).</p>";
# head and rows are HTML; the first cell of a row is its heading.
def table($caption; $head; $rows; $class): "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\($caption | h)\"><table class=\"\($class)\"><caption>\($caption | h)</caption>\n<thead><tr>"
	+ ($head | map("<th scope=\"col\">\(.)</th>") | join("")) + "</tr></thead>\n<tbody>\n"
	+ ($rows | map("<tr><th scope=\"row\">\(.[0])</th>" + (.[1:] | map("<td>\(.)</td>") | join("")) + "</tr>\n") | join(""))
	+ "</tbody></table></div>\n";
def more($summary): "<details><summary>\($summary | h)</summary>\n" + . + "</details>\n";
def legend($entries): "<ul class=\"legend\">" + ($entries | map("<li><span class=\"key \(.[0])\" aria-hidden=\"true\"></span>\(.[1] | h)</li>") | join("")) + "</ul>\n";

# One row of a chart. bars: [{class, width}], marks: [{class, left}], values: HTML.
def chart_row($name; $values; $bars; $marks; $steps):
	"<li><span class=\"name\">\($name | h)</span><span class=\"values\">\($values)</span><span class=\"track\" style=\"--steps:\($steps)\" aria-hidden=\"true\">"
	+ ($bars | map(select(.width > 0) | "<span class=\"bar \(.class)\" style=\"width:\(.width)%\"></span>") | join(""))
	+ ($marks | map("<span class=\"mark \(.class)\" style=\"left:\(.left)%\"></span>") | join(""))
	+ "</span></li>\n";
def chart($class; $axis): "<div class=\"chart \($class)\"><ul>\n" + . + "</ul>\($axis)</div>\n";

# A small chart of one figure, from zero.
def small_chart($ids; $key; $title): map(.[$key] // 0) as $numbers | ($numbers | max) as $most
	| "<div class=\"small\"><h3>\($title | h)</h3>"
	+ (map(. as $image | chart_row(.name; figure($ids; $key);
		[{class: "first", width: (if $most > 0 then (.[$key] // 0) / $most * 10000 | round / 100 else 0 end)}]; []; 1))
		| join("") | chart("compact"; "")) + "</div>\n";
def small_charts($ids; $list): . as $images
	| "<div class=\"grid\">" + ([$list[] | . as $entry | select(any($images[]; .[$entry[0]] != null)) | $images | small_chart($ids; $entry[0]; $entry[1])] | join("")) + "</div>\n";
def figures_table($ids; $title; $keys): table($title; ["image", ($keys[] | caption | h)];
	map(. as $image | [(.name | h), ($keys[] | . as $key | $image | figure_and_spread($ids; $key))]); "numbers");

# ---- the page's head: the main results ---------------------------------------------------------------

def card: "<li><strong>\(.[0] | h)</strong><span>\(.[1] | h)</span></li>";
def ratio: if . >= 10 then thousands else number(1) end;
# The official gcc image is no straw man's naive: it is in the tables, not in the ratio.
def cards: (plain | map(select(.name != "naive-gcc"))) as $images | [
	([$images[] | .size_bytes = head_bytes("size_bytes") | select(.size_bytes != null and .size_bytes > 0)] | if length < 2 then empty else
		min_by(.size_bytes) as $least | max_by(.size_bytes) as $most
		| ["\($most.size_bytes / $least.size_bytes | ratio) times smaller",
			"\($least.name) has \($least.size_bytes | size), \($most.name) \($most.size_bytes | size)"] end),
	([list("transfers")[] | select(.mbit_s != null and .pull_s != null)] | if length < 2 then empty else
		(map(.mbit_s) | min) as $slow | map(select(.mbit_s == $slow))
		| min_by(.pull_s) as $least | max_by(.pull_s) as $most
		| ["\($most.pull_s | seconds) or \($least.pull_s | seconds)",
			"to pull \($most.image) or \($least.image) at \($slow | bandwidth)"] end),
	([$images[] | select(.files != null and .files > 0)] | if length < 2 then empty else
		min_by(.files) as $least | max_by(.files) as $most
		| ["\($most.files | thousands) files or \($least.files | thousands)", "inside \($most.name) or \($least.name)"] end),
	([$images[] | select(.first_response_ms != null)] | if length < 2 then empty else
		["\(map(.first_response_ms) | min | number(0)) to \(map(.first_response_ms) | max | milliseconds)",
			"to the first response, over all images"] end)
	] | if . == [] then "" else "<ul class=\"cards\">" + (map(card) | join("")) + "</ul>\n" end;

# ---- sections ---------------------------------------------------------------------------------------

# Which image for what: from the smallest, what each is for, and what its bytes buy beyond those of the one before.
def choices: . as $report | [plain[] | . as $image | ($choices[0] | to_entries[] | select(.value.name == $image.name)) as {key: $order, value: $choice}
		| {name, $order, for: $choice.for, buys: $choice.buys, without: $choice.without, size: head_bytes("size_bytes"), compressed: head_bytes("compressed_bytes")}
		| select(.size != null)] | sort_by([.size, .order])
	| . as $all | [to_entries[] | .value + {more: (if .key == 0 then null else .value.size - $all[.key - 1].size end), before: (if .key == 0 then null else $all[.key - 1].name end)}];
def choices_section: choices | if . == [] then not_measured_section("sizes of the images") else
	("From the smallest to the largest. The bytes buy what stands beside them. The service runs equally fast in all of them." | note)
	+ table("Which image for what"; ["image", "use it for", "more than the one above", "what they buy", "what it lacks"];
		[.[] | [(.name | h), (.for | h), (if .more == null then "\(.size | size | h)" elif .more == 0 then "nothing" else "+\(.more | size | h)" end), (.buys | h), (.without | h)]]; "choices") end;

def sizes_section($ids): plain as $images | .article.images as $article | .bases as $report_bases
	| ([$images[] | head_bytes("size_bytes"), head_bytes("compressed_bytes")] + [$images[] | $article[.name] // {} | .size_mb, .compressed_mb | select(. != null) | . * 1e6] | decades) as $scale
	| ("Logarithmic axis: each step to the right is ten times as much. On a linear axis the small images would not be visible." | note)
	+ legend([["first", "unpacked"], ["second", "compressed, as a registry keeps it"], ["mark full", "the article, unpacked"], ["mark hollow", "the article, compressed"]])
	+ ([$images[] | ($article[.name] // {}) as $theirs | chart_row(.name;
			"\(headline($ids; "size_bytes")) <span class=\"quiet\">\(headline($ids; "compressed_bytes") | gsub("<span class=.tag.>[^<]*</span>"; "")) gzip</span>";
			[{class: "first", width: (head_bytes("size_bytes") | place($scale))}, {class: "second", width: (head_bytes("compressed_bytes") | place($scale))}];
			[(select($theirs.size_mb != null) | {class: "full", left: ($theirs.size_mb * 1e6 | place($scale))}),
			 (select($theirs.compressed_mb != null) | {class: "hollow", left: ($theirs.compressed_mb * 1e6 | place($scale))})];
			$scale.high - $scale.low)] | join("") | chart("sizes"; axis($scale; round_size)))
	+ ([.official.bases // {} | to_entries[] | . as $base | select($report_bases[$base.key].source == "stand-in")
		| if .value.size_bytes == null then "stand-in: <code>\(.value.image | h)</code> could not be had; \(.value.why | h)."
		  else "computed: <code>\(.value.image | h)</code> as published (\(.value.size_bytes | size), \(.value.compressed_bytes | size) compressed, \(.value.date | h)), and our layers as measured." end]
		+ [$images[] | select(.name == "naive-gcc" and (.headline.how // "" | startswith("computed"))) | "naive-gcc: \(.headline.how | h)."]
		| if . == [] then "" else "<p class=\"note\">\(join("<br>"))</p>\n" end)
	+ (table("Sizes as measured, and the article’s";
		["image", (("size_bytes", "compressed_bytes", "zstd_bytes", "disk_bytes", "engine_size_bytes", "attestation_bytes", "wasted_bytes") | caption | h), "article: size", "article: compressed"];
		[$images[] | . as $image | ($article[.name] // {}) as $theirs
			| [(.name | h), (("size_bytes", "compressed_bytes", "zstd_bytes", "disk_bytes", "engine_size_bytes", "attestation_bytes", "wasted_bytes") as $key | figure($ids; $key)),
				($theirs.size_mb | published("MB")), ($theirs.compressed_mb | published("MB"))]]; "numbers")
		+ ("Size: the uncompressed bytes of the layers. An engine prints another figure: it counts the files only, or its store. gzip, zstd: each layer compressed separately, as a registry keeps it. On disk: the space in the engine’s store. Wasted: bytes that a later layer hides. kB and MB are decimal." | note)
		| more("All sizes, and the article’s"));

def transfer_figure($ids; $key): . as $row
	| if .[$key] == null then missing((if (.not_measured | type) == "object" then .not_measured[$key] else .not_measured end) // "no reason was given")
	  else (.[$key] | show($key) | h) as $shown
		| place_of(.image; "plain"; $key; .mbit_s) as $place
		| ($ids["\($place) \(.rtt_ms)"] // $ids[$place]) as $found
		| "\($key) of \(.image) at \(.mbit_s | bandwidth)" as $what
		| if .computed then "<span title=\"\("computed, no sample: \($what)" | h)\">\($shown) <span class=\"tag\">computed</span></span>"
		  else $shown | linked($found.id; "\($found.count | counted)\($what), in samples.jsonl") end
	  end;
def transfers_section($ids): list("transfers") as $rows | plain as $images | .article.images as $article
	| if $rows == [] then not_measured_section("transfers at a set bandwidth")
		+ (if any($images[]; .pull_s != null or .push_s != null) then $images | figures_table($ids; "Push and pull at the speed of this machine"; ["push_s", "pull_s"]) else "" end)
	  else
		("Both axes are logarithmic. Round trips dominate the time of a small image, bandwidth that of a large one." | note)
		+ (if $wide == "" then "" else "<figure class=\"picture\">\($wide)\($narrow)<figcaption>Full points are measured, hollow ones computed from the compressed size. Dotted lines: the article’s pulls; it does not state their bandwidth.</figcaption></figure>\n" end)
		+ (($rows | map([.mbit_s, .rtt_ms]) | unique | sort_by([.[0] != null, .[0], .[1]])) as $columns
			| table("Seconds to push and to pull"; ["image", ($columns[] | "\(.[0] | bandwidth | h)<br><span class=\"quiet\">\(if .[1] == null then "" else "\(.[1]) ms round trip" end | h)</span>"), "article"];
				[($images[].name) as $name | ["push", "push_s"], ["pull", "pull_s"] | . as $way
					| ["\($name | h) <span class=\"quiet\">\($way[0])</span>",
						($columns[] | . as $column | [$rows[] | select(.image == $name and [.mbit_s, .rtt_ms] == $column)] | .[0]
							| if . == null then missing("no transfer of this image at this bandwidth") else transfer_figure($ids; $way[1]) end),
						($article[$name][$way[1]] | published("s"))]]; "numbers")
			| more("All transfers"))
	  end;

def builds_section($ids): . as $report | plain as $images | (.sample_repository.images // {}) as $article
	| ([.images[] | .build_cold_s, .build_warm_s] + [$article[] | to_entries[] | select(.key | endswith("_s")) | .value] | decades) as $scale
	| ([$report.images | group_by(.name)[] | map(.size_bytes | select(. != null)) | unique | length] | max) as $different
	| ("Seconds, on a logarithmic axis. Cold: only the base images are cached. Warm: nothing changed."
		+ (if $different == 1 and any($report.images[]; .flags != "plain") then " No flag changed the size of an image." else "" end) | note)
	+ legend([["first", "cold"], ["second", "warm"], ["mark full", "the article’s sample repository"]])
	+ "<div class=\"grid wide\">" + ([$images[].name as $name
		| "<div class=\"small\"><h3>\($name | h)</h3>"
			+ ([$report.images[] | select(.name == $name) | $article[$name]["\(.flags | gsub("-"; "_"))_s"] as $theirs
				| chart_row(.flags; (if .build_cold_s == null and .build_warm_s == null
						then "<span class=\"none\" title=\"\(.not_measured.build_cold_s | text | h)\">not measured</span>"
						else "\(figure($ids; "build_cold_s")) <span class=\"quiet\">\(figure($ids; "build_warm_s"))</span>" end);
					[{class: "first", width: (.build_cold_s | place($scale))}, {class: "second", width: (.build_warm_s | place($scale))}];
					[select($theirs != null) | {class: "full", left: ($theirs | place($scale))}]; $scale.high - $scale.low)] | join("")
				| chart("compact"; axis($scale; round_number)))
			+ "</div>\n"] | join("")) + "</div>\n"
	+ (if (.flags_notes // {}) == {} then "" else
		"<h3>What the flags do</h3>\n<dl>" + (.flags_notes | to_entries | map("<dt>\(.key | h)</dt><dd>\(.value | h)</dd>") | join("\n")) + "</dl>\n" end)
	+ (table("What a cold build consists of"; ["image", "cold", "packages", "libraries", "hello", "from the sources"];
		[$images[] | [(.name | h), figure($ids; "build_cold_s"), figure($ids; "build_apt_s"), figure($ids; "build_libraries_s"), figure($ids; "build_hello_s"),
			(.headline.build_from_sources_s | if . == null then missing("the stage that compiles was not timed") else "<span title=\"computed: cold, and the stages of builder that compile\">\(seconds | h)</span>" end)]]; "numbers")
		+ ("alpine, distroless and scratch copy a finished binary. From the sources adds builder’s stages that compile it." | note))
	+ (table("Build times and sizes by flag"; ["image, flag", "build, cold", "build, warm", "size", "sample repository", "its no-cache"];
		[$images[].name as $name | $report.images[] | select(.name == $name)
			| ["\(.name | h) <span class=\"quiet\">\(.flags | h)</span>", figure($ids; "build_cold_s"), figure_and_spread($ids; "build_warm_s"), figure($ids; "size_bytes"),
				($article[.name]["\(.flags | gsub("-"; "_"))_s"] | published("s")), ((if .flags == "plain" then $article[.name].no_cache_s else null end) | published("s"))]]; "numbers")
		+ ("Sample repository: \(.sample_repository.source // "" | h)." | note)
		| more("All builds"));

# Bytes to the last one: the platforms differ by few.
def platforms_section: list("platforms") as $platforms
	| if $platforms == [] then not_measured_section("sizes for another platform") else
		("Layers: those that the image adds to its base. Computed: <code>/hello</code> is cross-compiled, and its layer takes the place of the other platform’s." | note)
		+ table("Bytes for both platforms"; ["", ($platforms[] | (.platform + (if .computed then ", computed" else "" end) | h), "gzip")];
			[["<code>/hello</code>", ($platforms[] | (.hello_bytes | thousands), "")],
			 ["<code>/hello</code> without TLS", ($platforms[] | (.minimal_hello_bytes | thousands), "")],
			 ($platforms[0].images[].name as $name
				| ["layers of \($name | h)", ($platforms[].images[] | select(.name == $name) | (.size_bytes, .compressed_bytes) | thousands)])]; "numbers")
	  end;

# What made a layer, in a word or two: "base", "RUN apt-get", "COPY /hello". Builders write instructions in different ways.
def layer_name: if .index == 0 and (.instruction | test("COPY") | not) then "base" else .instruction
	| gsub("^\\|[0-9]+ .*?/bin/sh -c |^(RUN )?/bin/sh -c (?!#)"; "RUN ") | sub("^/bin/sh -c #\\(nop\\) +"; "") | sub(" # buildkit$"; "")
	| [splits(" +") | select(. != "")] | if .[0] == "RUN" then "\(.[0]) \(.[1] // "")" else "\(.[0] // "") \(.[-1] // "")" end end;
def layers_section: list("layers") as $layers | plain as $images
	| if $layers == [] then not_measured_section("single layers") else
		("Each bar is one image, scaled to the same length. Its parts are the layers, in proportion to their tar archives." | note)
		+ ([$images[] | . as $image | [$layers[] | select(.image == $image.name)] | sort_by(.index) | select(length > 0)
			| (map(.size_bytes // 0) | add) as $total
			| "<li><span class=\"name\">\($image.name | h)</span><span class=\"values\">\($image.size_bytes // $total | size | h) <span class=\"quiet\">\(length) \(if length == 1 then "layer" else "layers" end)</span></span><span class=\"stack\" aria-hidden=\"true\">"
			+ (to_entries | map(select((.value.size_bytes // 0) > 0) | (.value.size_bytes / ([$total, 1] | max) * 10000 | round / 100) as $share
				| "<span class=\"layer\(if .key % 2 == 1 then " odd" else "" end)\" style=\"flex-grow:\([$share, 0.01] | max)\" title=\"\("layer \(.value.index): \(.value.size_bytes | size), \($share | number(1)) %\n\(.value.instruction)" | h)\">\(if $share >= 20 then .value | layer_name | h else "" end)</span>") | join(""))
			+ "</span></li>\n"] | join("") | chart("layers"; ""))
		+ (table("Layers"; ["image, layer", "instruction", "size", "gzip", "zstd"];
			[$images[].name as $name | $layers[] | select(.image == $name)
				| ["\(.image | h) <span class=\"quiet\">\(layer_name | h)</span>", "<code>\(.instruction | h)</code>", (.size_bytes, .compressed_bytes, .zstd_bytes | size | h)]]; "numbers instructions")
			| more("All layers, with their instructions"))
	  end;

def running_section($ids): plain as $images | ["first_response_ms", "service_start_ms", "stop_ms", "idle_memory_bytes", "min_memory_bytes", "requests_per_s", "cpu_us_per_request"] as $keys
	| if [$images[] | .[$keys[]] | select(. != null)] == [] then not_measured_section("figures of running") else
		("These bars start at zero. Equal bars mean that packaging makes no difference: the program is the same." | note)
		+ ($images | small_charts($ids; [["first_response_ms", "First response, from docker start"], ["service_start_ms", "First response, the service alone"], ["stop_ms", "Stop"], ["idle_memory_bytes", "Memory when idle"], ["min_memory_bytes", "Smallest memory limit"], ["requests_per_s", "Requests a second"], ["cpu_us_per_request", "CPU time a request"]]))
		+ ($images | figures_table($ids; "Running"; $keys + ["health", "exit_code"]) | more("All figures of running")) end;

def surface_section($ids): plain as $images | ["files", "executables", "setuid_files", "os_packages"] as $keys
	| if [$images[] | .[$keys[], "has_shell", "user"] | select(. != null)] == [] then not_measured_section("contents of the images") else
		("Fewer files are fewer targets for an attack, and fewer tools for debugging." | note)
		+ ($images | small_charts($ids; [["files", "Files"], ["executables", "Executables"], ["os_packages", "OS packages"], ["setuid_files", "Setuid files"], ["cves", "Known vulnerabilities (CVE)"]]))
		+ ($images | figures_table($ids; "What is inside"; $keys + ["has_shell", "user"] + [("cves", "cves_by_severity", "cves_of_sbom", "scanner_packages", "sbom_packages", "cve_scanner") | select(. as $key | any($images[]; .[$key] != null))]))
		+ (if any($images[]; .scanner_packages != null or .cves != null) then scanner_note | h | note else "" end) end;

# ---- the service beside other servers, of `make bench` ------------------------------------------------

def bench_cell($key): if .[$key] == null then missing(.not_measured[$key] // "no reason was given") else . as $server
	| (.[$key] | show($key) | h) | "<span title=\"\("\($server.samples[$key] | counted)\($server | bench_range($key))" | h)\">\(.)</span>" end;
def bench_chart($key; $title): [.servers[] | select(.[$key] != null)] | (map(.[$key]) | max) as $most
	| if . == [] then "" else "<div class=\"small\"><h3>\($title | h)</h3>"
	+ (map(chart_row(.title; bench_cell($key); [{class: "first", width: (.[$key] / $most * 10000 | round / 100)}]; []; 1)) | join("") | chart("compact"; "")) + "</div>\n" end;
def bench_section: .bench | if . == null then not_measured_section("figures of other servers; <code>make bench</code> measures them") else . as $bench
	| ("The service itself, measured \(.at | h) by <code>make bench</code>, without an image.\(bench_quick | h) \(bench_how | h) \(bench_noise | h)" | note)
	+ "<div class=\"grid\">" + ([["cpu_us_per_request", "CPU time a request"], ["connection_cpu_us", "CPU time a connection with one request"],
		["tls_cpu_us_per_request", "CPU time a request over TLS"], ["handshake_tls13_p256_full_cpu_us", "CPU time a handshake, TLS 1.3, P-256"],
		["memory_rest_bytes", "Memory at rest"], ["memory_idle_bytes", "Memory with idle connections"]] | map(. as [$key, $title] | $bench | bench_chart($key; $title)) | join("")) + "</div>\n"
	+ ([bench_tables[] | . as $table | table(.title; ["figure", (.servers[].title | h), (.others[] | "÷ \(.title)" | h)];
		[.figures[] | .key as $key | [(.title | h), ($table.servers[] | bench_cell($key)), ($table.others[] | $table.ratios[$key][.name] | bench_ratio | h)]]; "numbers")
		| more($table.title)] | join(""))
	+ "<dl>" + ([.servers[] | select(.name | endswith("-log") | not) | "<dt>\(.title | h)</dt><dd>\(.version | h)</dd>"] | join("")) + "</dl>" end;

# ---- what one would use instead ---------------------------------------------------------------------

# Ours beside them, on the bases that they have.
def peers_section($ids): list("peers") as $peers
	| if $peers == [] then not_measured_section("peers; <code>make compare PEERS=1</code> measures them") else
	  ([plain[] | select(.name | IN("alpine", "scratch")) | . + {shown: "hello: \(.name)"}] + [$peers[] | . + {shown: .name}]) as $all
	| ([$all[] | head_bytes("size_bytes"), head_bytes("compressed_bytes")] | decades) as $scale
	| ("A Go service, nginx or busybox would do? The same measurements of each, in the same run. The service in Go is the article’s, with net/http; nginx and busybox send a fixed text." | note)
	+ legend([["first", "unpacked"], ["second", "compressed, as a registry keeps it"]])
	+ ([$all[] | chart_row(.shown;
			"\(headline($ids; "size_bytes")) <span class=\"quiet\">\(headline($ids; "compressed_bytes") | gsub("<span class=.tag.>[^<]*</span>"; "")) gzip</span>";
			[{class: "first", width: (head_bytes("size_bytes") | place($scale))}, {class: "second", width: (head_bytes("compressed_bytes") | place($scale))}];
			[]; $scale.high - $scale.low)] | join("") | chart("sizes"; axis($scale; round_size)))
	+ "<dl>" + ([$peers[] | "<dt>\(.name | h)</dt><dd>\(.title | h). It lacks: \(.lacks | h).</dd>"] | join("\n")) + "</dl>\n"
	+ (["size_bytes", "compressed_bytes", "layers", "files", "executables", "os_packages", "has_shell", "build_cold_s", "first_response_ms", "service_start_ms", "stop_ms", "exit_code",
			"idle_memory_bytes", "min_memory_bytes", "requests_per_s", "cpu_us_per_request"] as $keys
		| table("Figures of the peers"; ["image", ($keys[] | caption | h)];
			[$all[] | . as $image | [(.shown | h), ($keys[] | . as $key | $image | figure_and_spread($ids; $key))]]; "numbers")
		| more("All figures of the peers"))
	+ (list("peer_transfers") as $rows | ([$rows[] | .mbit_s] | unique) as $columns | if $rows == [] then "" else
		table("Seconds to pull a peer"; ["image", ($columns[] | bandwidth | h)];
			[$peers[].name as $name | [($name | h), ($columns[] | . as $mbit | [$rows[] | select(.image == $name and .mbit_s == $mbit)][0]
				| if . == null then missing("no transfer of this image at this bandwidth") else transfer_figure($ids; "pull_s") end)]]; "numbers")
		| more("Pulls of the peers") end)
	  end;

# ---- published runs, and this one ----------------------------------------------------------------

# As a picture of its own: its colours follow light and dark without this page's.
def history_section: . as $report | ([$runs[] | select(.at != $report.at)] + [$report] | sort_by(.at)) as $all
	| ([$all[].images[].name] | unique | map(. as $name | {name: $name, at: ($report.images | map(.name) | index([$name]) // 99)}) | sort_by(.at) | map(.name)) as $names
	| if $history == "" then not_measured_section("earlier runs: <code>compare/history</code> has none") else
		("Runs that were published, from <code>compare/history</code>, and this one. Sizes are as measured: a base that changed changes them, too. <code>compare/diff</code> compares two runs figure by figure." | note)
		+ "<figure class=\"picture\"><img alt=\"Sizes of the images over \($all | length) runs; the table below has the figures\" src=\"data:image/svg+xml;base64,\($history | @base64)\"></figure>\n"
		+ (table("Sizes over published runs"; ["run", ($names[] | h)];
			[$all[] | . as $run | ["\(.at | h)<br><span class=\"quiet\">\(.engine | h)</span>",
				($names[] as $name | [$run.images[] | select(.name == $name and (.flags // "plain") == "plain") | .size_bytes][0] | size | h)]]; "numbers")
			| more("All published runs"))
	  end;

def state: {"works": "<span class=\"state works\"><span aria-hidden=\"true\">✓</span> works</span>",
	"fails": "<span class=\"state fails\"><span aria-hidden=\"true\">✗</span> fails</span>",
	"not applicable": "<span class=\"state apart\"><span aria-hidden=\"true\">○</span> not applicable</span>"}[.] // "<span class=\"none\">– not run</span>";
def pitfalls_section: list("pitfalls") as $pitfalls | (plain | map(.name)) as $names
	| if $pitfalls == [] then not_measured_section("pitfalls") else
		("Each was tried in each image. Below the table are the commands and their output." | note)
		+ table("Pitfalls by image"; ["pitfall", ($names[] | h)]; [$pitfalls[] | . as $pitfall | [(.title | h), ($names[] | $pitfall.results[.].state // "" | state)]]; "matrix")
		+ ([$pitfalls[] | . as $pitfall
			| "<dl><dt>Broken</dt><dd>\(.broken | h)</dd><dt>Fixed</dt><dd>\(.mend | h)</dd></dl>\n"
			+ ([.results | to_entries | group_by([.value.state, .value.command, .value.output]) | sort_by(map(.key as $key | $names | index([$key]) // 99) | min)[]
				| "<p class=\"run\">\(map(.key | h) | join(", ")): \(.[0].value.state | state)</p><pre tabindex=\"0\">$ \(.[0].value.command | text | h)\n\(.[0].value.output | text | h)</pre>\n"] | join(""))
			| more($pitfall.title)] | join(""))
	  end;

def reasons: [((.images[], list("peers")[]) | . as $image | (.not_measured // {}) | to_entries[] | {why: .value, what: "\($image.name), \($image.flags)", key: (.key | caption)}),
	((list("transfers")[], list("peer_transfers")[]) | . as $row | (.not_measured // {}) | if type == "object" then to_entries[] else {key: "push_s, pull_s", value: .} end
		| {why: .value, what: "\($row.image), \($row.mbit_s | bandwidth)", key: (.key | caption)})];
# Without repetition, in the order of the report.
def distinct: reduce .[] as $one ([]; if index([$one]) then . else . + [$one] end);
def reasons_section: (reasons | to_entries | map(.value + {at: .key})) as $reasons
	| if $reasons == [] then "<p>Every figure of this report was measured.</p>" else
		table("What was not measured, and why"; ["reason", "image, flag or bandwidth", "figures"];
			[$reasons | group_by([.why, .what]) | map({why: .[0].why, what: .[0].what, at: (map(.at) | min), keys: (sort_by(.at) | map(.key) | distinct)})
				| group_by([.why, .keys]) | map(sort_by(.at)) | sort_by(.[0].at)[]
				| [(.[0].why | h), (map(.what | h) | join("<br>")), (.[0].keys | join("; ") | h)]]; "words") end;

def raw_section($rows): if $rows == [] then not_measured_section("samples.jsonl beside it") else
	("\($raw | length) samples. One row for each image, flag, key and bandwidth; a figure above is the median of its row." | note)
	+ (("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Raw samples\"><table class=\"raw\"><caption>Raw samples</caption>\n<thead><tr>"
		+ (["image", "flag", "key", "bandwidth", "samples", "values", "taken"] | map("<th scope=\"col\">\(.)</th>") | join("")) + "</tr></thead>\n<tbody>\n"
		+ ([$rows[] | "<tr id=\"\(.id)\"><th scope=\"row\">\(.image | text | h)</th><td>\(.flags | h)</td><td>\(.keys | join(", ") | h)</td><td>"
			+ (if .mbit_s == null and .rtt_ms == null then "" else (.mbit_s | bandwidth) + (if .rtt_ms == null then "" else ", \(.rtt_ms) ms" end) end | h)
			+ "</td><td>\(.values | length)</td><td class=\"values\">"
			+ (.values | map(if length == 1 then .[] else to_entries | map("\(.key)=\(.value)") | join(" ") end | h) | join("; "))
			+ "</td><td>\(.first | text | h)\(if .last == .first then "" else " to<br>\(.last | h)" end)</td></tr>\n"] | join(""))
		+ "</tbody></table></div>\n") | more("Raw samples"))
	end;

# ---- the page -------------------------------------------------------------------------------------

def gib: if . == null then dash else (. / 1073741824 | number(1)) + " GiB" end;
. as $report | raw_rows as $rows | ($rows | places) as $ids
| [["choices", "Which image for what"], ["sizes", "Sizes"], ["transfers", "Push and pull"], ["builds", "Build times by flag"], ["layers", "Layers"], ["platforms", "Both platforms"], ["history", "Over time"],
	["running", "Running"], ["peers", "What you would use instead"], ["bench", "Beside other servers"], ["inside", "What is inside"], ["pitfalls", "Pitfalls"], ["absent", "Not measured"], ["raw", "Raw samples"]] as $sections
| {choices: choices_section, sizes: sizes_section($ids), transfers: transfers_section($ids), builds: builds_section($ids), layers: layers_section, platforms: platforms_section, history: history_section,
	running: running_section($ids), peers: peers_section($ids), bench: bench_section, inside: surface_section($ids), pitfalls: pitfalls_section, absent: reasons_section, raw: raw_section($rows)} as $bodies
| "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">
<link rel=\"icon\" href=\"data:,\">
<title>hello: what each way of packaging costs</title>
<style>
\($style)</style>
</head>
<body>
<header>
<h1>What each way of packaging costs</h1>
<p class=\"lead\">One small HTTP service, <b>hello</b>, in \(plain | length) container images, built and measured on one machine.</p>
\(if .note == null then "" else "<p class=\"absent\">\(.note | h)</p>\n" end)\(cards)<dl class=\"facts\">
<dt>Measured</dt><dd>\(.at | h)\(if .version == null then "" else ", hello \(.version | h)" end)</dd>
<dt>Machine</dt><dd>\(if .host.name == null then "" else "\(.host.name | h): " end)\(.host.cpus | h) × \(.host.cpu | h), \(.host.memory_bytes | gib), \(.host.platform | h), \(.host.system | h), Linux \(.host.kernel | h)</dd>
<dt>Engine</dt><dd>\(.engine | h); \(.builder // "builder unknown" | h); image store: \(.image_store // "unknown" | h)</dd>
<dt>Bases</dt><dd>\([.bases | to_entries[] | "<code>\(.value.image | h)</code> (\(.value.size_bytes | size))" + (if .value.source == "stand-in" then ", a stand-in for <code>\(.value.official | h)</code>" else ", \(.value.source | h)" end)] | join("<br>"))</dd>
<dt>Article</dt><dd>\(.article.source | h)</dd>
</dl>
<nav aria-label=\"Sections\"><ul>\($sections | map("<li><a href=\"#\(.[0])\">\(.[1])</a></li>") | join(""))</ul></nav>
</header>
<main>
\([$sections[] | . as $section | section($section[0]; $section[1]; $bodies[$section[0]])] | join(""))</main>
<footer><p>Every number names its samples, and links to them if they are known. A dash gives the reason for a missing number. This page is made from <code>report.json</code> and <code>samples.jsonl</code> in the same directory.</p></footer>
</body>
</html>"
