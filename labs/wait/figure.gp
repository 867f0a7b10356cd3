# SPDX-License-Identifier: Apache-2.0
# Above, what a wait costs; below, how late the waiter goes on.
height = 760
load style
set output picture
set multiplot
# What `block` costs is what the other thread has not got: its rows are those of `worker`.
stats data index "worker" using (column("time_ns")) name "W" nooutput
array got[int(W_records)]
stats data index "worker" using (got[int($0) + 1] = column("time_ns"), 0) nooutput
set lmargin at screen 0.115
set rmargin at screen 0.70
set tmargin at screen 0.93
set bmargin at screen 0.54
set logscale xy
set xrange [250:120000]
set yrange [200:200000]
set format x ''
set xtics ("" 300, "" 1000, "" 3000, "" 10000, "" 30000, "" 100000)
set ytics ("300" 300, "1 k" 1000, "3 k" 3000, "10 k" 10000, "30 k" 30000, "100 k" 100000)
set ylabel "energy [units]"
set key at screen 0.985,0.92 right top Left reverse samplen 2 spacing 1.15
plot data index "spin" using "x":"energy" with linespoints lt 1 title "spin on the device", \
     data index "flag" using "x":"energy" with linespoints lt 2 title "spin on a flag", \
     data index "sleep" using "x":"energy" with linespoints lt 3 title "sleep (wfi)", \
     data index "block" using "x":(column("time_ns") - got[int($0) + 1]) with linespoints lt 4 title "block (its own part)"
unset label 99
set tmargin at screen 0.49
set bmargin at screen 0.12
set format x "%g"
set xtics ("0.3 us" 300, "1 us" 1000, "3 us" 3000, "10 us" 10000, "30 us" 30000, "100 us" 100000)
set xlabel "the wait"
set yrange [80:12000]
set ytics ("100 ns" 100, "300 ns" 300, "1 us" 1000, "3 us" 3000, "10 us" 10000)
set ylabel "the waiter is late by"
set key at screen 0.985,0.48 right top Left reverse samplen 2 spacing 1.15
plot data index "spin" using "x":(column("time_ns") - column("x")) with linespoints lt 1 notitle, \
     data index "flag" using "x":(column("time_ns") - column("x")) with linespoints lt 2 notitle, \
     data index "sleep" using "x":(column("time_ns") - column("x")) with linespoints lt 3 notitle, \
     data index "block" using "x":(column("time_ns") - column("x")) with linespoints lt 4 notitle, \
     data index "slice" using "x":(column("time_ns") - column("x")) with linespoints lt 6 title "slice: turns of 10 us"
unset multiplot
