# table.jq - the bench's report.json to report.md. A pure function of its input.
import "sections" as bench {search: "./"};
import "markdown" as markdown {search: "./"};

"Measured \(.at) on \(.host.cpus) CPUs (\(.host.cpu)), \(.host.system), Linux \(.host.kernel).\(bench::quick)",
markdown::section("##")
