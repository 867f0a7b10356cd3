# SPDX-License-Identifier: Apache-2.0
height = 680
load style
names = "xdp xdp-adaptive socket"
label(s) = s eq "xdp" ? "XDP_TX" : s eq "xdp-adaptive" ? "XDP_TX, adaptive" : "recvfrom, sendto"
# Beyond what the hart can take, latency is that of full queues.
kept(s, name) = column("delivered_percent") > 99 ? of(s, name) : NaN
set xrange [100:*]
@upper_panel
set ytics (5, 10, 20, 50, 100, 200)
set logscale xy
set ylabel "round trip [us]"
set yrange [2:200]
plot for [i=1:words(names)] data using (column("offered_pps")): \
        (kept(word(names, i), "latency_mean_ns") / 1000) with linespoints lt i title label(word(names, i)) . ": mean", \
     for [i=1:words(names)] data using (column("offered_pps")): \
        (kept(word(names, i), "latency_p99_ns") / 1000) with lines lt i dt 3 title label(word(names, i)) . ": p99"
@lower_panel
set ytics autofreq
set format x "%.0s%c"
set xlabel "frames a second"
set ylabel "frames per interrupt"
set yrange [0.4:*]
plot for [i=1:words(names)] data using (column("offered_pps")): \
        (kept(word(names, i), "packets_per_irq")) with linespoints lt i notitle
unset multiplot
