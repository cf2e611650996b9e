# pitfalls.jq - pitfalls.jsonl (slurped) to an array for report.json, one object for each pitfall.
# A pure function of its input. Of several lines for one pitfall and image, the last counts.

def in_order(f): reduce .[] as $line ([]; ($line | f) as $x | if index([$x]) then . else . + [$x] end);

. as $lines
| in_order(.id)
| map(. as $id
	| [$lines[] | select(.id == $id)]
	| (.[-1] | {id, title, broken, mend})
	+ {results: (reduce .[] as $line ({};
		. + {($line.image): ($line | {state, command, output, why})}))})
