# sections.jq - what the tables of the bench's report have in common, as text and as HTML.
include "format" {search: "../compare/"};

def ratio: if . == null then dash else number(2) end;
def percent: if . == null then dash else (. * 100 | number(1)) + " %" end;

# The range of a server's samples; empty when there is only one.
def range($key): if (.samples[$key] // 1) > 1 and .spread[$key][0] != .spread[$key][1]
	then "\(.spread[$key][0] | show($key))–\(.spread[$key][1] | show($key))" else "" end;

# A table has figures as rows, servers as columns, and then what ours is of each other.
def one($report; $title; $ours; $names; $figures):
	[$names[] as $name | $report.servers[] | select(.name == $name)] as $servers
	| [$figures[] | select(.key as $key | any($servers[]; .[$key] != null))] as $rows
	| if $rows == [] then empty else
		{$title, $servers, figures: $rows, ratios: ($report.ratios[$ours] // {}),
			others: (if $report.ratios[$ours] == null then [] else [$servers[] | select(.name != $ours)] end)} end;
def tables: . as $report | [
	one(.; "Plain HTTP, no log"; "hello"; ["bare", "hello", "nginx", "lighttpd", "go"]; [.figures[] | select(.tls | not)]),
	one(.; "Plain HTTP, each request logged to a file"; "hello-log"; ["hello-log", "nginx-log", "go-log"]; [.figures[] | select(.logging)]),
	one(.; "HTTPS, no log"; "hello"; ["hello", "nginx", "lighttpd", "go"]; [.figures[] | select(.tls)])];

def how: "Medians, with the least and the most of the rounds, which are interleaved. Every server has one thread on CPU \(.setup.server_cpu). CPU time, user and system, of all its processes: over 32 connections, the load on the same CPU, so that it asks on all of them and the server answers all in turn. Requests a second and latencies: the load, one thread of wrk, on CPU \(.setup.load_cpu), which is the limit for the fast ones. A handshake’s figure has its connection and one request in it. Memory is the proportional set size, after one answer and with \(.setup.idle_connections | thousands) quiet connections that have had one. ÷ is ours divided by the other’s: less is better but for requests and connections.";
def noise: "How quiet it was: the bare loop stood \(.noise.queued | percent) of its time in the queue for a CPU that should have been its own, and samples of one server’s CPU time a request lay \(.noise.spread | percent) apart.";
def quick: if .setup.quick then " QUICK: one round, of little worth." else "" end;
