# sections.jq - the parts that the bench's tables share as text and as HTML.
include "format" {search: "../compare/"};

def ratio: if . == null then dash else number(2) end;
def percent: if . == null then dash else (. * 100 | number(1)) + " %" end;

# The range of a server's samples; empty if there is only one.
def range($key): if (.samples[$key] // 1) > 1 and .spread[$key][0] != .spread[$key][1]
	then "\(.spread[$key][0] | show($key))–\(.spread[$key][1] | show($key))" else "" end;

# A table has figures as rows, servers as columns, and then hello divided by each other server.
def one($report; $title; $ours; $names; $figures):
	[$names[] as $name | $report.servers[] | select(.name == $name)] as $servers
	| [$figures[] | select(.key as $key | any($servers[]; .[$key] != null))] as $rows
	| if $rows == [] then empty else
		{$title, $servers, figures: $rows, ratios: ($report.ratios[$ours] // {}),
			others: (if $report.ratios[$ours] == null then [] else [$servers[] | select(.name != $ours)] end)} end;
def tables: . as $report | [
	one(.; "Plain HTTP, no log"; "hello"; ["bare", "hello", "nginx", "lighttpd", "go"]; [.figures[] | select(.tls | not)]),
	one(.; "Plain HTTP, each request logged to a file"; "hello-log"; ["hello-log", "nginx-log", "go-log"]; [.figures[] | select(.logging or .pipe)]),
	one(.; "HTTPS, no log"; "hello"; ["hello", "nginx", "lighttpd", "go"]; [.figures[] | select(.tls)])];

def how: "Medians, with the minimum and maximum of the rounds, which are interleaved. Every server has one thread on CPU \(.setup.server_cpu). CPU time, user and system, of all its processes: with 32 connections and the load generator on the same CPU, so that it sends requests on all of them before the server responds. Requests a second and latencies: with the generator, one thread of wrk, on CPU \(.setup.load_cpu); it is the limit for the fast servers. A handshake’s figure includes its connection and one request. Memory is the proportional set size, after one response and with \(.setup.idle_connections | thousands) idle connections after one response each. ÷ is hello divided by the other server: less is better, except for requests and connections.";
def noise: "Noise: the bare loop waited \(.noise.queued | percent) of its time for a CPU reserved for it, and samples of one server’s CPU time a request differed by \(.noise.spread | percent).";
def quick: if .setup.quick then " QUICK: one round, not reliable." else "" end;
