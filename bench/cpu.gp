# cpu.gp - server CPU time a request, from zero.
#
# gnuplot -e 'data="FILE"; servers=n; out="FILE"' cpu.gp
# data: rows of TITLE PLAIN LOGGED TLS CONNECTION in microseconds, ? if there is none

set terminal svg size 720,420 font "sans-serif,14" background rgb "white" name "cpu"
set output out
set datafile missing "?"
set ylabel "microseconds of CPU" textcolor rgb "#57606a"
set key below Left reverse noenhanced samplen 2 textcolor rgb "#1b1f24"
set border 3 linecolor rgb "#57606a"
set tics nomirror textcolor rgb "#57606a"
set xtics noenhanced
set grid ytics linecolor rgb "#d8dee4" linetype 1 linewidth 1
set boxwidth 0.19
set xrange [-0.6 : servers - 0.4]
set yrange [0:*]

# Invisible dots carry the names, which belong between the bars.
plot data using 0:2:xtic(1) with dots linecolor rgb "white" notitle, \
	data using ($0 - 0.3):2 with boxes linecolor rgb "#2f6f9f" fillstyle solid 1.0 noborder title "a request", \
	data using ($0 - 0.1):3 with boxes linecolor rgb "#2f6f9f" fillstyle pattern 4 border title "a logged request", \
	data using ($0 + 0.1):4 with boxes linecolor rgb "#1c7c54" fillstyle solid 1.0 noborder title "a request over TLS", \
	data using ($0 + 0.3):5 with boxes linecolor rgb "#57606a" fillstyle solid 1.0 noborder title "a connection with one request"
