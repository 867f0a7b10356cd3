# SPDX-License-Identifier: Apache-2.0
height = 680
load style
names = "20k 100k 250k"
label(s) = s . "/s"
set xrange [0:1000]
@upper_panel
set logscale y
set ylabel "round trip [us]"
plot for [i=1:words(names)] data using (column("rx_usecs")): \
        (of(word(names, i), "latency_p50_ns") / 1000) with linespoints lt i title label(word(names, i)) . ", median", \
     for [i=1:words(names)] data using (column("rx_usecs")): \
        (of(word(names, i), "latency_p99_ns") / 1000) with lines lt i dt 3 title label(word(names, i)) . ", p99"
@lower_panel
unset logscale y
set yrange [0:*]
set xlabel "interval between interrupts: ethtool -C eth0 rx-usecs [us]"
set ylabel "hart busy [%]"
plot for [i=1:words(names)] data using (column("rx_usecs")): \
        (of(word(names, i), "busy_percent")) with linespoints lt i notitle
unset multiplot
