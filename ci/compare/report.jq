# report.jq - samples.jsonl (slurped) to report.json: medians, and null with a reason for
# what has no sample. A pure function of its input.
#
# --argjson host, bases, article, names

def median: sort | if length == 0 then null
	elif length % 2 == 1 then .[length / 2 | floor]
	else (.[length / 2 - 1] + .[length / 2]) / 2 end;

def figures: ["size_bytes", "compressed_bytes", "layers", "files", "executables", "setuid_files",
	"os_packages", "has_shell", "user", "build_cold_s", "build_warm_s", "push_s", "pull_s",
	"first_response_ms", "idle_memory_bytes", "requests_per_s", "stop_ms", "exit_code"];

def image($samples; $name):
	[$samples[] | select(.image == $name)] as $own
	| {name: $name, flags: "plain", image_id: $own[-1].image_id}
	+ (reduce figures[] as $key ({}; . + {($key): ([$own[] | .[$key] // empty] | median)}))
	+ {samples: (reduce figures[] as $key ({};
		([$own[] | .[$key] // empty] | length) as $count
		| if $count > 0 then . + {($key): $count} else . end))}
	| . + {not_measured: (. as $image | reduce figures[] as $key ({};
		if $image[$key] == null then . + {($key): "this comparison has no step for it"} else . end))};

. as $samples
| {
	project: "hello",
	at: ($samples | map(.at) | min),
	host: $host,
	engine: $samples[0].engine,
	bases: $bases,
	images: [$names[] as $name | image($samples; $name)],
	article: $article
}
