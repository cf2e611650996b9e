# plots.jq - the bench's report.json to the columns that gnuplot draws: TITLE, and CPU microseconds
# of a plain request, a logged one, one over TLS, a connection; ? if there is none.
def name: gsub("[\"\\\\\\n\\t]"; " ") | "\"\(.)\"";
def figure: if . == null then "?" else tostring end;

. as $report | (.servers[] | select(.name | endswith("-log") | not)) as $server
| ([$report.servers[] | select(.name == "\($server.name)-log")][0]) as $logging
| [($server.title | name), ($server.cpu_us_per_request, $logging.cpu_us_per_request,
	$server.tls_cpu_us_per_request, $server.connection_cpu_us | figure)] | join("\t")
