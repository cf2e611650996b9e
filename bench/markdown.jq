# markdown.jq - the bench's report.json as lines of Markdown, for its own report and the comparison's.
include "format" {search: "../compare/"};
import "sections" as bench {search: "./"};

def row: "| " + join(" | ") + " |";
def head: row, ("|---|" + ("--:|" * (length - 1)));
def cell($key): if .[$key] == null then dash else
	(.[$key] | show($key)) + (bench::range($key) | if . == "" then . else " (\(.))" end) end;

def table($level): . as $table
	| "", "\($level) \(.title)", "",
	(["", .servers[].title, (.others[] | "÷ \(.title)")] | head),
	(.figures[] | .key as $key | [.title, ($table.servers[] | cell($key)),
		($table.others[] | $table.ratios[$key][.name] | bench::ratio)] | row);

# level: the # marks of its headings
def section($level): "", bench::how, "", bench::noise,
	(bench::tables[] | table($level)),
	"", "\($level) What was compared", "",
	(.servers[] | select(.name | endswith("-log") | not) | "- \(.title): \(.version)"),
	([.servers[] | . as $server | .not_measured | to_entries[] | {why: .value, title: $server.title}]
		| group_by(.why) | if . == [] then empty else "", "Not measured: "
			+ (map("\(.[0].why) (\(map(.title) | unique | join("; ")))") | join("; ")) + "." end);
