# SPDX-License-Identifier: Apache-2.0
height = 680
load style
names = "recvfrom epoll io-uring multishot busy-recvfrom busy-epoll busy-io-uring"
label(s) = s eq "io-uring" ? "io_uring" : s eq "multishot" ? "io_uring, multishot" : \
    s eq "busy-recvfrom" ? "busy polling, recvfrom" : s eq "busy-epoll" ? "busy polling, epoll" : \
    s eq "busy-io-uring" ? "busy polling, io_uring" : s
dash(i) = i > 4 ? 2 : 1
kept(s, name) = column("delivered_percent") > 99 ? of(s, name) : NaN
set xrange [1000:*]
@upper_panel
set ytics (5, 10, 20, 50, 100, 200)
set logscale xy
set ylabel "median round trip [us]"
set yrange [4:200]
plot for [i=1:words(names)] data using (column("offered_pps")): \
        (kept(word(names, i), "latency_p50_ns") / 1000) with linespoints lt i dt dash(i) title label(word(names, i))
@lower_panel
set ytics autofreq
unset logscale y
set format x "%.0s%c"
set yrange [0:105]
set xlabel "requests a second"
set ylabel "hart busy [%]"
plot for [i=1:words(names)] data using (column("offered_pps")): \
        (kept(word(names, i), "busy_percent")) with linespoints lt i dt dash(i) notitle
unset multiplot
