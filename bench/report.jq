# report.jq - samples.jsonl (slurped) to report.json: medians with their spread, ratios; null and a
# reason for a figure without samples. A pure function of its input.
#
# --argjson host, setup, servers, figures

def median: sort | if length % 2 == 1 then .[length / 2 | floor]
	else (.[length / 2 - 1] + .[length / 2]) / 2 end;
# The mean of two samples can have more digits than were measured.
def rounded: . * 1000 | round / 1000;

# The servers that each one is compared with: those with the same log setting.
def peers: {hello: ["bare", "nginx", "lighttpd", "go"], "hello-log": ["nginx-log", "go-log"]};

[$figures[].key] as $keys
| . as $samples
| [$servers[] | .name as $name
	| [$samples[] | select(.server == $name)] as $own
	| ([$own[] | .not_measured // empty] | add // {}) as $reasons
	| (reduce $keys[] as $key ({}; .[$key] = [$own[] | .[$key] | values])) as $values
	| .
	+ ($values | map_values(if . == [] then null else median | rounded end))
	+ {samples: ($values | map_values(length) | with_entries(select(.value > 0))),
		spread: ($values | map_values(select(length > 0) | [min, max])),
		not_measured: (reduce $keys[] as $key ({}; if $values[$key] == [] then
			.[$key] = ($reasons[$key] // "this run had no step for it") else . end))}] as $found
| {
	project: "hello",
	at: ($samples | map(.at) | min),
	host: $host,
	setup: $setup,
	# How busy the rest of the machine was: the share of its time that the bare loop waited for
	# a CPU of its own, and the spread of equal samples.
	noise: {
		queued: ([$samples[] | select(.server == "bare" and has("requests_per_s")) | .waited] | if . == [] then null else median end),
		spread: ([$found[] | select(.cpu_us_per_request != null) | (.spread.cpu_us_per_request[1] - .spread.cpu_us_per_request[0]) / .cpu_us_per_request]
			| if . == [] then null else median | rounded end)
	},
	figures: $figures,
	servers: $found,
	ratios: (reduce (peers | to_entries[]) as {key: $name, value: $others} ({};
		[$found[] | select(.name == $name)][0] as $ours
		| if $ours == null then . else .[$name] = (reduce $keys[] as $key ({};
			(reduce $others[] as $other ({}; [$found[] | select(.name == $other) | .[$key]][0] as $theirs
				| if $ours[$key] != null and $theirs != null and $theirs > 0
					then .[$other] = ($ours[$key] / $theirs | rounded) else . end)) as $row
			| if $row == {} then . else .[$key] = $row end)) end))
}
