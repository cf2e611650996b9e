# publish.jq - report.json as it is kept in compare/history. A pure function of its input.
#
# All that compare/diff and compare/html read, less the machine's name, which means nothing elsewhere; the report of
# `make bench`, which is another run's; and what the pitfalls printed, which is half of the report and no figure.

del(.host.name, .bench)
| if .pitfalls then .pitfalls[].results[] |= {state, command: null, output: null} else . end
