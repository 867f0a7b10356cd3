# SPDX-License-Identifier: Apache-2.0
# Above, what reaches the application; below, what of the hart it takes.
height = 700
load style
set output picture
names = "each coalesced napi poll"
label(s) = s eq "each" ? "an interrupt each" : s eq "coalesced" ? "one in 50 us" : s eq "napi" ? "NAPI" : "polling"
set xrange [0:3.1]
@upper_panel
set yrange [0:1.05]
set ytics 0.2
set ylabel "million a second to the application"
plot x with lines lc rgb "#909090" dt 2 lw 1.5 title "all that are sent", \
     for [s in names] data index s using (column("x") / 1e6):(column("value") / column("time_ns") * 1e3) \
        with linespoints title label(s)
@lower_panel
set yrange [0:109]
set ytics 25
set ylabel "hart busy [%]"
set xlabel "million packets a second from the generator"
plot NaN notitle, \
     for [s in names] data index s using (column("x") / 1e6):(100 * column("busy_ns") / column("time_ns")) \
        with linespoints notitle
unset multiplot
