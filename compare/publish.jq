# publish.jq - report.json to what README and its picture need of it, docs/measured/report.json.
# A pure function of its input; keys and units are those of report.schema.json.

{
	at,
	host: {system: .host.system, platform: .host.platform, cpu: .host.cpu, cpus: .host.cpus},
	engine,
	bases: (.bases | map_values({image, source, official} | with_entries(select(.value != null)))),
	images: [.images[] | select(.flags == "plain")
		| {name, size_bytes, compressed_bytes, layers, build_cold_s, first_response_ms,
			samples: {first_response_ms: .samples.first_response_ms}}]
}
+ (if (.platforms // []) == [] then {} else {platforms} end)
+ if .note == null then {} else {note} end
