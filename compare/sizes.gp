# sizes.gp - sizes of the images on a logarithmic scale; a picture for other pages.
#
# gnuplot -e 'data="FILE"; images=n; out="FILE"' sizes.gp
# data: rows of NAME SIZE COMPRESSED ARTICLE_SIZE ARTICLE_COMPRESSED in bytes, ? if there is none

set terminal svg size 720,420 font "sans-serif,14" background rgb "white" name "sizes"
set output out
set datafile missing "?"
set logscale y
set format y "%.0s %cB"
set key below Left reverse noenhanced samplen 2 textcolor rgb "#1b1f24"
set border 3 linecolor rgb "#57606a"
set tics nomirror textcolor rgb "#57606a"
set xtics noenhanced
set grid ytics linecolor rgb "#d8dee4" linetype 1 linewidth 1
set boxwidth 0.35
set xrange [-0.6 : images - 0.4]
set yrange [10000:*]

# Invisible dots carry the names, which belong between the two bars.
plot data using 0:2:xtic(1) with dots linecolor rgb "white" notitle, \
	data using ($0 - 0.19):2 with boxes linecolor rgb "#2f6f9f" fillstyle solid 1.0 noborder title "unpacked", \
	data using ($0 + 0.19):3 with boxes linecolor rgb "#2f6f9f" fillstyle pattern 4 border title "compressed", \
	data using ($0 - 0.19):4 with points pointtype 13 pointsize 1.2 linecolor rgb "#9a4a00" title "the article, unpacked", \
	data using ($0 + 0.19):5 with points pointtype 12 pointsize 1.2 linewidth 2 linecolor rgb "#9a4a00" title "the article, compressed"
