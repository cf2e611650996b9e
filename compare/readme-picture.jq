# readme-picture.jq - a published run (compare/history) to docs/images/sizes.svg. A pure function of its input.
#
# Text instead of gnuplot: the picture is shown 400 pixels wide on a phone, where text of gnuplot's
# proportions is too small, and it follows the reader's choice of light or dark.
include "format" {search: "./"};

def left: 12;
def right: 388;
def row_height: 46;
def top: 64;

def decimals: . * 10 | round / 10;
# The axis is logarithmic, from 10 kB; an axis from zero would show no bar but the first.
def x($low; $high): (log10 - $low) / ($high - $low) * (right - left) + left | decimals;
def round_size: if . >= 1e9 then "\(. / 1e9) GB" elif . >= 1e6 then "\(. / 1e6) MB" else "\(. / 1e3) kB" end;
# Two digits that count: the sizes are rounded.
def ratio: pow(10; (log10 | floor) - 1) as $unit | . / $unit | round * $unit | if . >= 10 then thousands else number(1) end;

# Where a stand-in took a base's place, the official base's published bytes count, as in the table.
[.images[] | select((.flags // "plain") == "plain" and .size_bytes != null and .name != "naive-gcc")
	| . + (.headline // {} | {size_bytes, compressed_bytes} | with_entries(select(.value != null)))] as $images
| ($images | map(.size_bytes) | max) as $most
| ($images | max_by(.size_bytes).name) as $largest
| 4 as $low
| ($most | log10 | ceil) as $high
| (top + row_height * ($images | length)) as $bottom
| ($bottom + 40) as $height
| "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 400 \($height)\" width=\"400\" height=\"\($height)\" role=\"img\" aria-labelledby=\"title\">",
"<title id=\"title\">" + ("Sizes of the images: " + ($images | map("\(.name) \(.size_bytes | size), \(.compressed_bytes | size) compressed") | join("; ")) | @html) + "</title>",
"<style>
text { font: 13px system-ui, sans-serif; fill: #1b1f24 }
.head { font-size: 15px; font-weight: 600 }
.name { font-weight: 600 }
.quiet { fill: #57606a; font-size: 12px }
.ground { fill: #ffffff; stroke: #d8dee4 }
.grid { stroke: #d8dee4 }
.size { fill: #2f6f9f }
.compressed { fill: #b3401f }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.quiet { fill: #9aa4af }
.ground { fill: #161b22; stroke: #30363d }
.grid { stroke: #30363d }
.size { fill: #6cb0e0 }
.compressed { fill: #e5865f }
}
</style>",
"<rect class=\"ground\" x=\"0.5\" y=\"0.5\" width=\"399\" height=\"\($height - 1)\" rx=\"6\"/>",
"<text class=\"head\" x=\"\(left)\" y=\"24\">One service, \($images | length) images</text>",
"<rect class=\"size\" x=\"\(left)\" y=\"36\" width=\"14\" height=\"9\"/><text class=\"quiet\" x=\"\(left + 20)\" y=\"45\">size</text>",
"<rect class=\"compressed\" x=\"66\" y=\"38\" width=\"14\" height=\"5\"/><text class=\"quiet\" x=\"86\" y=\"45\">compressed</text>",
"<text class=\"quiet\" x=\"\(right)\" y=\"45\" text-anchor=\"end\">logarithmic scale</text>",
(range($low; $high + 1) | . as $power | pow(10; $power) | x($low; $high) as $at
	| "<line class=\"grid\" x1=\"\($at)\" x2=\"\($at)\" y1=\"\(top - 8)\" y2=\"\($bottom)\"/>",
		"<text class=\"quiet\" x=\"\($at)\" y=\"\($bottom + 17)\" text-anchor=\"\(if $power == $low then "start" elif $power == $high then "end" else "middle" end)\">\(round_size)</text>"),
($images | to_entries[] | .value as $image | (top + row_height * .key) as $y
	| "<text class=\"name\" x=\"\(left)\" y=\"\($y + 13)\">\($image.name | @html)</text>",
		"<text x=\"\(right)\" y=\"\($y + 13)\" text-anchor=\"end\">\($image.size_bytes | size)"
			+ (if $image.size_bytes == $most then "" else "<tspan class=\"quiet\"> · 1/\($most / $image.size_bytes | ratio) of \($largest | @html)</tspan>" end) + "</text>",
		"<rect class=\"size\" x=\"\(left)\" y=\"\($y + 19)\" width=\"\($image.size_bytes | x($low; $high) - left | decimals)\" height=\"9\"/>",
		(if $image.compressed_bytes == null then empty else
			"<rect class=\"compressed\" x=\"\(left)\" y=\"\($y + 29)\" width=\"\($image.compressed_bytes | x($low; $high) - left | decimals)\" height=\"5\"/>" end)),
"<text class=\"quiet\" x=\"\(left)\" y=\"\($bottom + 33)\">Each line is 10 times the one to its left.</text>",
"</svg>"
