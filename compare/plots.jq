# plots.jq - report.json to the columns that gnuplot draws.
#
# --arg plot sizes|pulls|pulls-article|bandwidths

# A quotation mark would end gnuplot's string.
def name: tostring | gsub("[\"\\\\\\n\\t]"; " ") | "\"\(.)\"";
def bytes: if . == null then "?" else tostring end;

def names: [.images[] | select(.flags == "plain") | .name];
# If a bandwidth was measured with more than one round trip, the shortest is drawn.
def pulls: [.transfers // [] | map(select(.mbit_s != null and .pull_s != null and .pull_s > 0))
	| group_by([.image, .mbit_s])[] | min_by(.rtt_ms)];
# Two blank lines end a block.
def block: .[], "", "";

if $plot == "sizes" then
	.article.images as $article | .images[] | select(.flags == "plain" and .size_bytes != null) | ($article[.name] // {}) as $theirs
	| [(.name | name), (if .headline then .headline else . end | .size_bytes, .compressed_bytes | bytes),
		($theirs.size_mb, $theirs.compressed_mb | if . == null then null else . * 1e6 end | bytes)]
	| join("\t")
elif $plot == "pulls" then
	pulls as $pulls | names[] as $name | [$pulls[] | select(.image == $name)] | sort_by(.mbit_s)
	| select(length > 0) | [($name | name), (.[] | "\(.mbit_s)\t\(.pull_s)\t\(if .computed then 1 else 0 end)")] | block
elif $plot == "pulls-article" then
	pulls as $pulls | names[] as $name | .article.images[$name].pull_s | select(. != null and $pulls != [])
	| ["\("the article: \($name)" | name)", "\($pulls | map(.mbit_s) | min)\t\(.)", "\($pulls | map(.mbit_s) | max)\t\(.)"] | block
elif $plot == "bandwidths" then
	pulls | map(.mbit_s) | select(length > 0) | "\(min) \(max)"
else
	error("no plot \($plot)")
end
