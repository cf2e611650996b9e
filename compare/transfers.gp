# transfers.gp - seconds of a pull against the bandwidth, both logarithmic.
#
# gnuplot -e 'data="FILE"; article="FILE"; images=n; articles=n; out="FILE"; w=640; h=420; id="NAME"' transfers.gp
# data: a block for each image, its name and then rows of MBIT_S SECONDS COMPUTED
# article: a block for each line, its name and then rows of MBIT_S SECONDS from end to end

set terminal svg size w,h font "sans-serif,14" background rgb "white" name id
set output out
set logscale xy
set xlabel "Mbit/s" offset 0,0.5 textcolor rgb "#57606a"
set ylabel "seconds to pull" textcolor rgb "#57606a"
# Names come from data, so markup is off.
set key below Left reverse noenhanced samplen 3 width 1 textcolor rgb "#1b1f24"
set border 3 linecolor rgb "#57606a"
set tics nomirror textcolor rgb "#57606a"
set grid xtics ytics linecolor rgb "#d8dee4" linetype 1 linewidth 1
set format "%g"
set xrange [low * 0.8 : high * 1.25]

# Colour is not the only difference: each line has its dashes and its shape of point. A computed point is
# hollow, drawn in the background's colour on top, so that the key shows images without measurements, too.
array colour[8] = ["#b3401f", "#2f6f9f", "#1c7c54", "#7a4fa3", "#57606a", "#8a6d00", "#1b1f24", "#2f6f9f"]
array dashes[8] = [1, 1, 2, 4, 5, 3, 4, 3]
array shape[8] = [7, 5, 9, 13, 11, 15, 7, 5]
nth(i) = i % 8 + 1

plot \
	for [i = 0:images - 1] data index i using 1:2 with linespoints linewidth 2 \
		linecolor rgb colour[nth(i)] dashtype dashes[nth(i)] pointtype shape[nth(i)] pointsize 0.8 title columnheader(1), \
	for [i = 0:images - 1] data index i using 1:($3 == 1 ? $2 : 1/0) with points \
		linecolor rgb "#fefefe" pointtype shape[nth(i)] pointsize 0.45 notitle, \
	for [i = 0:articles - 1] article index i using 1:2 with lines \
		linecolor rgb "#9a4a00" dashtype 3 linewidth 2 title columnheader(1)
