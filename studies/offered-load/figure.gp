# SPDX-License-Identifier: Apache-2.0
height = 680
load style
names = "napi-0 napi-50 napi-adaptive threaded busy-poll two-harts"
label(s) = s eq "napi-0" ? "NAPI, no moderation" : s eq "napi-50" ? "NAPI, 50 us" : \
    s eq "napi-adaptive" ? "NAPI, adaptive" : s eq "threaded" ? "threaded NAPI" : \
    s eq "busy-poll" ? "busy polling" : "program on 2nd hart"
stats data using (column("delivered_pps")) nooutput
top = STATS_max / 1e6
set xrange [0:3.1]
set yrange [0:top * 1.15]
@upper_panel
set ylabel "delivered to the program [M/s]"
plot x <= top * 1.1 ? x : NaN with lines lc rgb "#a0a0a0" dt 2 lw 1 title "all that is offered", \
    for [i=1:words(names)] data using (column("offered_pps") / 1e6): \
        (of(word(names, i), "delivered_pps") / 1e6) with linespoints lt i title label(word(names, i))
@lower_panel
set yrange [0:*]
set xlabel "offered [million frames a second]"
set ylabel "lost at the full socket [M/s]"
plot for [i=1:words(names)] data using (column("offered_pps") / 1e6): \
        (of(word(names, i), "socket_drop_pps") / 1e6) with linespoints lt i notitle
unset multiplot
