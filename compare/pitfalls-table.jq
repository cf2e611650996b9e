# pitfalls-table.jq - the output of pitfalls.jq to a matrix in Markdown. A pure function of its
# input. Failures are in capitals, so that the table needs no colour.

def cell: gsub("\\|"; "\\|") | gsub("\n"; " ");
def code: if . == "" or . == null then "–" else "`" + cell + "`" end;
def legible: {works: "works", fails: "FAILS", "not applicable": "n/a"}[.] // "–";

(reduce (.[].results | keys_unsorted[]) as $image ([]; if index([$image]) then . else . + [$image] end)) as $images
| "| pitfall | " + ($images | join(" | ")) + " | broken on purpose | fixed by |",
"|---|" + ("---|" * ($images | length)) + "---|---|",
(.[] | . as $pitfall
	| "| " + (.title | cell) + " | "
	+ ($images | map($pitfall.results[.].state | legible) | join(" | "))
	+ " | " + (.broken | code) + " | " + (.mend | code) + " |")
