# SPDX-License-Identifier: Apache-2.0
height = 680
load style
names = "20k 100k 250k"
label(s) = s . "/s"
# A logarithmic axis with room for 0 at its left end.
at(usecs) = usecs < 1 ? 1 : usecs
# Where some are lost, the delay is that of the others.
kept(s, name) = column("delivered_percent") > 99 ? of(s, name) : NaN
set logscale x
set xrange [1:1000]
set xtics ("" 1, "" 2, "" 5, "" 10, "" 20, "" 50, "" 100, "" 200, "" 500, "" 1000)
@upper_panel
set logscale y
set yrange [5:2000]
set ylabel "round trip [us]"
plot for [i=1:words(names)] data using (at(column("rx_usecs"))): \
        (kept(word(names, i), "latency_p50_ns") / 1000) with linespoints lt i title label(word(names, i)) . ", median", \
     for [i=1:words(names)] data using (at(column("rx_usecs"))): \
        (kept(word(names, i), "latency_p99_ns") / 1000) with lines lt i dt 3 title label(word(names, i)) . ", p99"
@lower_panel
set xtics ("0" 1, "2" 2, "5" 5, "10" 10, "20" 20, "50" 50, "100" 100, "200" 200, "500" 500, "1000" 1000)
unset logscale y
set yrange [0:*]
set xlabel "interval between interrupts: ethtool -C eth0 rx-usecs [us]"
set ylabel "hart busy [%]"
plot for [i=1:words(names)] data using (at(column("rx_usecs"))): \
        (kept(word(names, i), "busy_percent")) with linespoints lt i notitle
unset multiplot
