# SPDX-License-Identifier: Apache-2.0
# A bar for each way to read: what the hart was busy for, and what it was idle for.
load style
set output picture
set tmargin 3
names = "cold hot ring polled"
unset key
set xrange [0:9.5]
set yrange [4.6:0.4]
set ytics ("cold" 1, "hot" 2, "ring" 3, "polled" 4)
set xlabel "us"
set label 1 "hart busy" at 5.5,1.9 textcolor lt 1
set label 2 "hart idle" at 5.5,2.2 textcolor rgb "#999999"
set style fill solid 1.0 noborder
plot for [i = 1:4] data index word(names, i) using (column("time_ns") / 1000):(i):(0):(column("time_ns") / 1000):(i - 0.3):(i + 0.3) with boxxyerror linecolor rgb "#dddddd" notitle, \
     for [i = 1:4] data index word(names, i) using (column("busy_ns") / 1000):(i):(0):(column("busy_ns") / 1000):(i - 0.3):(i + 0.3) with boxxyerror lt 1 notitle, \
     for [i = 1:4] data index word(names, i) using (column("time_ns") / 1000 + 0.1):(i):(sprintf("%.2f us, busy %.2f", column("time_ns") / 1000, column("busy_ns") / 1000)) with labels left notitle
