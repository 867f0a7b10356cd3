# SPDX-License-Identifier: Apache-2.0
load style
@one_panel
set xlabel "offered [million frames a second]"
set ylabel "delivered to the programs [million a second]"
set xrange [0:6.1]
set yrange [0:*]
stats data using (column("delivered_pps")) nooutput
top = STATS_max / 1e6
plot x <= top * 1.05 ? x : NaN with lines lc rgb "#a0a0a0" dt 2 lw 1 title "all that is offered", \
    for [i=1:4] data using (column("offered_pps") / 1e6): \
        (of(sprintf("%d", i), "delivered_pps") / 1e6) with linespoints lt i \
        title i == 1 ? "1 hart" : sprintf("%d harts", i)
