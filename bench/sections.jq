# sections.jq - the parts that the bench's tables share as Markdown and as HTML.
# Its programs follow it, and compare/format.jq precedes it, in one text: jq 1.8 aborts when a module
# loads another one.

def bench_ratio: if . == null then dash else number(2) end;
def percent: if . == null then dash else (. * 100 | number(1)) + " %" end;

# The range of a server's samples; empty if there is only one.
def bench_range($key): if (.samples[$key] // 1) > 1 and .spread[$key][0] != .spread[$key][1]
	then "\(.spread[$key][0] | show($key))–\(.spread[$key][1] | show($key))" else "" end;

# A table has figures as rows, servers as columns, and then hello divided by each other server.
def one($report; $title; $ours; $names; $figures):
	[$names[] as $name | $report.servers[] | select(.name == $name)] as $servers
	| [$figures[] | select(.key as $key | any($servers[]; .[$key] != null))] as $rows
	| if $rows == [] then empty else
		{$title, $servers, figures: $rows, ratios: ($report.ratios[$ours] // {}),
			others: (if $report.ratios[$ours] == null then [] else [$servers[] | select(.name != $ours)] end)} end;
def bench_tables: . as $report | [
	one(.; "Plain HTTP, no log"; "hello"; ["bare", "hello", "nginx", "lighttpd", "go"]; [.figures[] | select(.tls | not)]),
	one(.; "Plain HTTP, each request logged to a file"; "hello-log"; ["hello-log", "nginx-log", "go-log"]; [.figures[] | select(.logging or .pipe)]),
	one(.; "HTTPS, no log"; "hello"; ["hello", "nginx", "lighttpd", "go"]; [.figures[] | select(.tls)])];

def bench_how: "Medians, with the minimum and maximum of the rounds, which are interleaved. Every server has one thread on CPU \(.setup.server_cpu). CPU time, user and system, of all its processes: with 32 connections and the load generator on the same CPU, so that it sends requests on all of them before the server responds. Requests a second and latencies: with the generator, one thread of wrk, on CPU \(.setup.load_cpu); it is the limit for the fast servers. A handshake’s figure includes its connection and one request. Memory is the proportional set size, after one response and with \(.setup.idle_connections | thousands) idle connections after one response each. ÷ is hello divided by the other server: less is better, except for requests and connections.";
def bench_noise: "Noise: the bare loop waited \(.noise.queued | percent) of its time for a CPU reserved for it, and samples of one server’s CPU time a request differed by \(.noise.spread | percent).";
def bench_quick: if .setup.quick then " QUICK: one round, not reliable." else "" end;

# ---- the report as lines of Markdown ------------------------------------------------------------

def row: "| " + join(" | ") + " |";
def head: row, ("|---|" + ("--:|" * (length - 1)));
def cell($key): if .[$key] == null then dash else
	(.[$key] | show($key)) + (bench_range($key) | if . == "" then . else " (\(.))" end) end;

def markdown_table($level): . as $table
	| "", "\($level) \(.title)", "",
	(["", .servers[].title, (.others[] | "÷ \(.title)")] | head),
	(.figures[] | .key as $key | [.title, ($table.servers[] | cell($key)),
		($table.others[] | $table.ratios[$key][.name] | bench_ratio)] | row);

# level: the # marks of its headings
def bench_markdown($level): "", bench_how, "", bench_noise,
	(bench_tables[] | markdown_table($level)),
	"", "\($level) What was compared", "",
	(.servers[] | select(.name | endswith("-log") | not) | "- \(.title): \(.version)"),
	([.servers[] | . as $server | .not_measured | to_entries[] | {why: .value, title: $server.title}]
		| group_by(.why) | if . == [] then empty else "", "Not measured: "
			+ (map("\(.[0].why) (\(map(.title) | unique | join("; ")))") | join("; ")) + "." end);
