# history.jq - the reports of published runs to a picture of their sizes. A pure function of its input.
# compare/format.jq precedes it.
#
# Input: an array of reports (jq -s), in any order. Prints nothing for fewer than two runs, which are no history.
# Text instead of gnuplot, and 400 pixels wide, for the reasons in readme-picture.jq.

def left: 60;
def right: 248;
def width: 400;
def top: 56;
def bottom: 296;
def line_height: 15;

def decimals: . * 10 | round / 10;
def round_size: if . >= 1e9 then "\(. / 1e9) GB" elif . >= 1e6 then "\(. / 1e6) MB" else "\(. / 1e3) kB" end;
def percent: . * 100 | round | if . > 0 then "+\(.) %" elif . < 0 then "−\(-.) %" else "" end;

# A colour is an image's, whichever other images there are.
def colours: ["naive", "naive-tidied", "builder", "alpine", "distroless", "scratch", "scratch-minimal"];
def colour: . as $name | colours | index([$name]) // 0;

sort_by(.at)
| if length < 2 then empty else
. as $runs
| ([$runs[].images[] | select(.flags // "plain" | . == "plain") | .size_bytes | select(. != null)]) as $sizes
| ($sizes | min | log10 | floor) as $low
| ($sizes | max | log10 | ceil) as $high
| def x: left + . * (right - left) / ($runs | length - 1) | decimals;
  def y: bottom - (log10 - $low) / ($high - $low) * (bottom - top) | decimals;
# [{name, points: [{run, size}]}]; a run may lack an image.
[([$runs[].images[].name] | unique | sort_by(colour))[] as $name | {name: $name, points: [$runs | to_entries[]
	| {run: .key, size: ([.value.images[] | select(.name == $name and (.flags // "plain") == "plain") | .size_bytes][0])} | select(.size != null)]}
	| select(.points != [])] as $series
# One label for images of the same size.
| ([$series[] | {name, y: (.points[-1].size | y), size: .points[-1].size, change: (.points[-1].size / .points[0].size - 1)}]
	| group_by(.size) | map(.[0] + {name: (map(.name) | join(", ")), colour: (.[0].name | colour)}) | sort_by(.y)
	| reduce .[] as $one ([]; (if . == [] then $one.y else [$one.y, .[-1].label_y + 2 * line_height + 2] | max end) as $at | . + [$one | .label_y = $at])) as $labels
| ([bottom, ($labels | map(.label_y) | max) + line_height] | max + 44) as $height
| "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \($height)\" width=\"\(width)\" height=\"\($height)\" role=\"img\" aria-labelledby=\"title\">",
"<title id=\"title\">" + ("Sizes of the images over \($runs | length) published runs: "
	+ ($series | map("\(.name) from \(.points[0].size | size) to \(.points[-1].size | size)") | join("; ")) | @html) + "</title>",
"<style>
text { font: 13px system-ui, sans-serif; fill: #1b1f24 }
.head { font-size: 15px; font-weight: 600 }
.name { font-weight: 600 }
.quiet { fill: #57606a; font-size: 12px }
.ground { fill: #ffffff; stroke: #d8dee4 }
.grid { stroke: #d8dee4 }
.line { fill: none; stroke-width: 2 }
.to { stroke: #57606a; stroke-dasharray: 2 3 }
.c0 { stroke: #b3401f } .c1 { stroke: #9a4a00 } .c2 { stroke: #2f6f9f } .c3 { stroke: #1c7c54 } .c4 { stroke: #7a4fa3 } .c5 { stroke: #8a6d00 } .c6 { stroke: #4a5560 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.quiet { fill: #9aa4af }
.ground { fill: #161b22; stroke: #30363d }
.grid { stroke: #30363d }
.to { stroke: #9aa4af }
.c0 { stroke: #e5865f } .c1 { stroke: #e0a458 } .c2 { stroke: #6cb0e0 } .c3 { stroke: #57c795 } .c4 { stroke: #bd97e0 } .c5 { stroke: #d8b94a } .c6 { stroke: #aab6c2 }
}
</style>",
"<rect class=\"ground\" x=\"0.5\" y=\"0.5\" width=\"\(width - 1)\" height=\"\($height - 1)\" rx=\"6\"/>",
"<text class=\"head\" x=\"12\" y=\"24\">Sizes over \($runs | length) published runs</text>",
"<text class=\"quiet\" x=\"\(width - 12)\" y=\"24\" text-anchor=\"end\">logarithmic scale</text>",
(range($low; $high + 1) | pow(10; .) | y as $at
	| "<line class=\"grid\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\($at)\" y2=\"\($at)\"/>",
		"<text class=\"quiet\" x=\"\(left - 8)\" y=\"\($at + 4)\" text-anchor=\"end\">\(round_size)</text>"),
# The day where it changes.
($runs | to_entries[] | select(.key == 0 or .value.at[:10] != $runs[.key - 1].at[:10])
	| "<text class=\"quiet\" x=\"\(.key | x)\" y=\"\(bottom + 18)\" text-anchor=\"\(if .key == ($runs | length - 1) then "end" else "start" end)\">\(.value.at[:10] | @html)</text>"),
($series[] | (.name | colour) as $colour
	| "<polyline class=\"line c\($colour)\" points=\"\(.points | map("\(.run | x),\(.size | y)") | join(" "))\"/>",
		(.points[] | "<circle class=\"line c\($colour)\" cx=\"\(.run | x)\" cy=\"\(.size | y)\" r=\"2.5\"/>")),
($labels[] | "<line class=\"to\" x1=\"\(right + 4)\" y1=\"\(.y)\" x2=\"\(right + 12)\" y2=\"\(.label_y)\"/>",
	"<text class=\"name\" x=\"\(right + 15)\" y=\"\(.label_y + 3)\">\(.name | @html)</text>",
	"<text class=\"quiet\" x=\"\(right + 15)\" y=\"\(.label_y + 3 + line_height)\">\(.size | size) \(.change | percent)</text>"),
"<text class=\"quiet\" x=\"12\" y=\"\($height - 12)\">Unpacked, as measured; change since an image’s first run.</text>",
"</svg>"
end
