# view.jq - report.json to what its page shows: the report, and each figure as people read it, with its origin.
# compare/format.jq and bench/sections.jq precede it. A pure function of its input. compare/report.html.j2 is the page.
#
# --slurpfile raw SAMPLES  --slurpfile runs REPORTS, of published runs  --slurpfile choices FILE, choices.json
#
# A cell is {shown, from, id}: the figure, where it comes from, and the row of its samples, if it is known; or
# {missing}: why there is none. `range` is from its least to its greatest sample, `tag` says what kind it is.

def plain: [.images[] | select(.flags == "plain")];
def list($key): .[$key] // [];
def slug: gsub("[^A-Za-z0-9]+"; "-");
def head_bytes($key): if .headline == null then .[$key] else .headline[$key] end;

# ---- raw samples: a row has all samples of one image, flag, bandwidth and set of keys ---------

def common: ["at", "host", "engine", "image", "image_id", "flags", "mbit_s", "rtt_ms"];
def raw_rows: [.images[].name, list("peers")[].name] as $names | ["plain", "cache-from", "squash", "compress"] as $flags
	| [$raw[] | {image, flags: (.flags // "plain"), at, mbit_s, rtt_ms,
		values: with_entries(select(.key as $key | common | index([$key]) | not))} | .keys = (.values | keys_unsorted)]
	| group_by([.image, .flags, .keys, .mbit_s, .rtt_ms])
	| map(.[0] + {values: map(.values), first: (map(.at) | min), last: (map(.at) | max)}
		| .id = (["raw", .image, .flags, .keys[], .mbit_s, .rtt_ms] | map(select(. != null) | tostring) | join(" ") | slug)
		| .link = (if .mbit_s == null and .rtt_ms == null then "" else (.mbit_s | bandwidth) + (if .rtt_ms == null then "" else ", \(.rtt_ms) ms" end) end)
		| .texts = (.values | map(if length == 1 then .[] | tostring else to_entries | map("\(.key)=\(.value)") | join(" ") end)))
	| sort_by([(.image as $image | $names | index([$image])), (.flags as $flag | $flags | index([$flag])), .keys]);
def place_of($image; $flags; $key; $mbit_s): [$image, $flags, $key, $mbit_s] | tojson;
# The row of a figure's samples, by its place with the round trip and without it.
def places: reduce (.[] | . as $row | .keys[] | [$row, .]) as [$row, $key] ({};
	place_of($row.image; $row.flags; $key; $row.mbit_s) as $place
	| .["\($place) \($row.rtt_ms)"] = {id: $row.id, count: ($row.values | length)}
	| .[$place] = (.[$place] // {id: $row.id, count: ($row.values | length)}));
def counted: if . == null then "" elif . == 1 then "1 sample; " else "median of \(.) samples; " end;

# ---- cells -------------------------------------------------------------------------------------

def cell($ids; $key): . as $image
	| if .[$key] == null then {missing: (.not_measured[$key] // "no reason was given")} else
		{shown: (.[$key] | show($key)), id: $ids[place_of($image.name; $image.flags; $key; null)].id,
			from: "\($image.samples[$key] | counted)\($key) of \($image.name), \($image.flags), in samples.jsonl",
			range: (.spread[$key] | if . == null or .[0] == .[1] then null else spread($key) end)} end;
# A figure of the head: computed where a stand-in took a base's place.
def head_cell($ids; $key): if .headline == null or .headline.how == "measured" then cell($ids; $key)
	elif .headline[$key] == null then {missing: (.not_measured[$key] // "no reason was given")}
	else {shown: (.headline[$key] | show($key)), from: .headline.how, tag: (if .headline.how | startswith("computed") then "computed" else "stand-in" end)} end;
# Every figure of an image; of those that a report lacks, why.
def with_cells($ids): . as $image | . + {
	cells: ([figures | keys_unsorted[] | . as $key | {($key): ($image | cell($ids; $key))}] | add),
	head: {size_bytes: head_cell($ids; "size_bytes"), compressed_bytes: head_cell($ids; "compressed_bytes"), sizes: {size_bytes: head_bytes("size_bytes"), compressed_bytes: head_bytes("compressed_bytes")}},
	from_sources: (.headline.build_from_sources_s | if . == null then null else seconds end)};
def transfer_cell($ids; $key): . as $row
	| if .[$key] == null then {missing: ((if (.not_measured | type) == "object" then .not_measured[$key] else .not_measured end) // "no reason was given")}
	  else place_of(.image; "plain"; $key; .mbit_s) as $place | ($ids["\($place) \(.rtt_ms)"] // $ids[$place]) as $found
		| "\($key) of \(.image) at \(.mbit_s | bandwidth)" as $what
		| {shown: (.[$key] | show($key))} + if .computed then {from: "computed, no sample: \($what)", tag: "computed"}
			else {id: $found.id, from: "\($found.count | counted)\($what), in samples.jsonl"} end
	  end;
# Columns by bandwidth and round trip; a cell for each image and way.
def transfer_table($ids; $names; $ways): . as $rows | (map([.mbit_s, .rtt_ms]) | unique | sort_by([.[0] != null, .[0], .[1]])) as $columns
	| {columns: [$columns[] | {bandwidth: (.[0] | bandwidth), round_trip: (if .[1] == null then "" else "\(.[1]) ms round trip" end)}],
		rows: [$names[] as $name | $ways[] as $key | {name: $name, way: ($key | caption), key: $key, cells: [$columns[] as $column
			| [$rows[] | select(.image == $name and [.mbit_s, .rtt_ms] == $column)][0]
			| if . == null then {missing: "no transfer of this image at this bandwidth"} else transfer_cell($ids; $key) end]}]};

# ---- parts of sections -----------------------------------------------------------------------------

# Which image for what: from the smallest, and what its bytes buy beyond those of the one before.
def choices: [plain[] | . as $image | ($choices[0] | to_entries[] | select(.value.name == $image.name)) as {key: $order, value: $choice}
		| $choice + {$order, size: head_bytes("size_bytes")} | select(.size != null)] | sort_by([.size, .order])
	| . as $all | [to_entries[] | .value + {more: (if .key == 0 then .value.size | size
		elif .value.size == $all[.key - 1].size then "nothing" else "+\(.value.size - $all[.key - 1].size | size)" end)}];

def ratio: if . >= 10 then thousands else number(1) end;
# naive-gcc is in the tables, not in the ratio: naive is the smaller of the two, and so the fairer.
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
			"to the first response, over all images"] end)];

# What made a layer, in a word or two: "base", "RUN apt-get", "COPY /hello". Builders write instructions in different ways.
def layer_name: if .index == 0 and (.instruction | test("COPY") | not) then "base" else .instruction
	| gsub("^\\|[0-9]+ .*?/bin/sh -c |^(RUN )?/bin/sh -c (?!#)"; "RUN ") | sub("^/bin/sh -c #\\(nop\\) +"; "") | sub(" # buildkit$"; "")
	| [splits(" +") | select(. != "")] | if .[0] == "RUN" then "\(.[0]) \(.[1] // "")" else "\(.[0] // "") \(.[-1] // "")" end end;
def layers: list("layers") as $layers | [plain[] | . as $image | [$layers[] | select(.image == $image.name)] | sort_by(.index) | select(length > 0)
	| (map(.size_bytes // 0) | add) as $total
	| {name: $image.name, size: ($image.size_bytes // $total | size), layers: [to_entries[] | .key as $key | .value | . + {
		odd: ($key % 2 == 1), name: layer_name, share: ((.size_bytes // 0) / ([$total, 1] | max) * 10000 | round / 100),
		sizes: [.size_bytes, .compressed_bytes, .zstd_bytes | size]} | .title = "layer \(.index): \(.size_bytes | size), \(.share | number(1)) %\n\(.instruction)"]}];

# Without repetition, in the order of the report.
def distinct: reduce .[] as $one ([]; if index([$one]) then . else . + [$one] end);
def reasons: [((.images[], list("peers")[]) | . as $image | (.not_measured // {}) | to_entries[] | {why: .value, what: "\($image.name), \($image.flags)", key: (.key | caption)}),
	((list("transfers")[], list("peer_transfers")[]) | . as $row | (.not_measured // {}) | if type == "object" then to_entries[] else {key: "push_s, pull_s", value: .} end
		| {why: .value, what: "\($row.image), \($row.mbit_s | bandwidth)", key: (.key | caption)})]
	| to_entries | map(.value + {at: .key})
	| group_by([.why, .what]) | map({why: .[0].why, what: .[0].what, at: (map(.at) | min), keys: (sort_by(.at) | map(.key) | distinct)})
	| group_by([.why, .keys]) | map(sort_by(.at)) | sort_by(.[0].at) | map({why: .[0].why, what: map(.what), keys: (.[0].keys | join("; "))});

# A pitfall's results, those that are the same together, in the order of the images.
def pitfalls: (plain | map(.name)) as $names | [list("pitfalls")[] | . as $pitfall | {title, broken, mend,
	states: [$names[] | $pitfall.results[.].state // ""],
	runs: [.results | to_entries | group_by([.value.state, .value.command, .value.output]) | sort_by(map(.key as $key | $names | index([$key]) // 99) | min)[]
		| .[0].value + {names: map(.key)} | .command |= text | .output |= text]}];

# Published runs, and this one.
def history: . as $report | ([$runs[] | select(.at != $report.at)] + [$report] | sort_by(.at)) as $all
	| ([$all[].images[].name] | unique | map(. as $name | {name: $name, at: ($report.images | map(.name) | index([$name]) // 99)}) | sort_by(.at) | map(.name)) as $names
	| {$names, runs: [$all[] | . as $run | {at, engine, sizes: [$names[] as $name
		| [$run.images[] | select(.name == $name and (.flags // "plain") == "plain") | .size_bytes][0] | size]}]};

def bench_cell($key): if .[$key] == null then {missing: (.not_measured[$key] // "no reason was given")}
	else {shown: (.[$key] | show($key)), from: "\(.samples[$key] | counted)\(bench_range($key))"} end;
def bench_view: if . == null then null else . as $bench
	| {at, note: "\(bench_quick) \(bench_how) \(bench_noise)", versions: [.servers[] | select(.name | endswith("-log") | not) | {title, version}],
	charts: [["cpu_us_per_request", "CPU time a request"], ["connection_cpu_us", "CPU time a connection with one request"],
		["tls_cpu_us_per_request", "CPU time a request over TLS"], ["handshake_tls13_p256_full_cpu_us", "CPU time a handshake, TLS 1.3, P-256"],
		["memory_rest_bytes", "Memory at rest"], ["memory_idle_bytes", "Memory with idle connections"]
		| . as [$key, $title] | {$title, bars: [$bench.servers[] | select(.[$key] != null) | {name: .title, value: .[$key], cell: bench_cell($key)}]} | select(.bars != [])],
	tables: [bench_tables[] | . as $table | {title, servers: [.servers[].title], others: [.others[].title], rows: [.figures[] | .key as $key
		| {title, cells: [$table.servers[] | bench_cell($key)], ratios: [$table.others[] | $table.ratios[$key][.name] | bench_ratio]}]}]} end;

def gib: if . == null then dash else (. / 1073741824 | number(1)) + " GiB" end;

raw_rows as $rows | ($rows | places) as $ids | (plain | map(.name)) as $names
| . + {
	images: [.images[] | with_cells($ids)],
	peers: [list("peers")[] | with_cells($ids)],
	captions: figures,
	memory: (.host.memory_bytes | gib),
	base_sizes: (.bases | map_values(.size_bytes | size)),
	published: (.official.bases // {} | map_values({size: (.size_bytes | size), compressed: (.compressed_bytes | size)})),
	choices: choices, cards: cards, layer_bars: layers, reasons: reasons, pitfall_rows: pitfalls, history: history, bench_view: (.bench | bench_view),
	transfer_table: (list("transfers") | transfer_table($ids; $names; ["push_s", "pull_s"])),
	peer_transfer_table: (list("peer_transfers") as $peers | [list("peers")[].name] as $names | $peers | transfer_table($ids; $names; ["pull_s"])),
	platform_rows: (list("platforms") as $platforms | if $platforms == [] then [] else
		[{name: "/hello", cells: [$platforms[] | (.hello_bytes | thousands), ""]}, {name: "/hello", rest: " without TLS", cells: [$platforms[] | (.minimal_hello_bytes | thousands), ""]},
		 ($platforms[0].images[].name as $name | {title: "layers of \($name)", cells: [$platforms[].images[] | select(.name == $name) | (.size_bytes, .compressed_bytes) | thousands]})] end),
	raw_rows: $rows, raw_count: ($raw | length), scanner_note: scanner_note
}
