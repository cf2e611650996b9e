# publish.jq - report.json as it is kept in compare/history. A pure function of its input.
#
# All of it, so that compare/diff and compare/html read it, less the machine's name, which means nothing elsewhere,
# and the report of `make bench`, which is another run's.

del(.host.name, .bench)
