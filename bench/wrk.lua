-- Prints wrk's results as one line of JSON; latencies in microseconds.
function done(summary, latency)
	local errors = 0
	for _, count in pairs(summary.errors) do
		errors = errors + count
	end
	io.write(string.format(
		'\nJSON {"requests": %d, "duration_us": %d, "errors": %d, "p50_us": %d, "p99_us": %d}\n',
		summary.requests, summary.duration, errors, latency:percentile(50), latency:percentile(99)))
end
