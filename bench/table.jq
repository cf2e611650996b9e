# table.jq - the bench's report.json to report.md. A pure function of its input.
# compare/format.jq and bench/sections.jq precede it.

"Measured \(.at) on \(.host.cpus) CPUs (\(.host.cpu)), \(.host.system), Linux \(.host.kernel).\(bench_quick)",
bench_markdown("##")
