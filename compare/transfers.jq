# transfers.jq - samples.jsonl (slurped) to the pushes and pulls of each image over each link,
# as in report.json: medians; null and a reason for what was not measured.
# A pure function of its input.

def median: sort | if length == 0 then null
	elif length % 2 == 1 then .[length / 2 | floor]
	else (.[length / 2 - 1] + .[length / 2]) / 2 end;

# The mean of two samples can have more digits than were measured.
def to_ms: if . then . * 1000 | round / 1000 else null end;

def figures: ["push_s", "pull_s"];

# The images in the order of their measurement; null, which is no link, sorts first.
[.[] | select([., .not_measured // {}] | any(has("push_s") or has("pull_s")))] as $samples
| (reduce $samples[].image as $name ([]; if index([$name]) then . else . + [$name] end)) as $names
| [$names[] as $name
	| [$samples[] | select(.image == $name)] | group_by(.mbit_s)[] as $own
	| {
		image: $name,
		mbit_s: $own[0].mbit_s,
		# Not part of the group: two pings of one link differ.
		rtt_ms: ([$own[].rtt_ms | values] | median | to_ms)
	}
	+ (reduce figures[] as $key ({}; . + {($key): ([$own[] | .[$key] | values] | median | to_ms)}))
	# A computed figure has no sample.
	+ {samples: (reduce figures[] as $key ({};
		([$own[] | select(.computed | not) | .[$key] | values] | length) as $count
		| if $count > 0 then . + {($key): $count} else . end)),
		computed: ([$own[].computed] | any)}
	| . + {not_measured: (. as $row | reduce figures[] as $key ({};
		if $row[$key] == null then . + {($key):
			([$own[].not_measured[$key]? | values][0] // "it has no sample")} else . end))}
	+ (reduce ("note", "method") as $key ({};
		([$own[] | .[$key] | values] | unique | join("; ")) as $words
		| if $words != "" then . + {($key): $words} else . end))]
