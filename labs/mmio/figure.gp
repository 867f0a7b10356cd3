# SPDX-License-Identifier: Apache-2.0
# Above, one access of each kind; below, what the hart waits for as it stores to a device again and again.
height = 720
load style
set output picture
set multiplot
set lmargin at screen 0.115
set rmargin at screen 0.70
unset key
set tmargin at screen 0.93
set bmargin at screen 0.55
names = "ram nc io uart nvme nic port"
set xrange [0.4:7.6]
set xtics ("ram" 1, "nc" 2, "io" 3, "uart" 4, "nvme" 5, "nic" 6, "port" 7)
set logscale y
set yrange [0.2:4000]
set ytics ("1 ns" 1, "10 ns" 10, "100 ns" 100, "1 us" 1000)
set ylabel "one load"
set label 1 "ram    memory, cached\nnc, io   memory, uncached\nuart   on the chip\nnvme, nic   over PCI Express\nport   nic, by I/O space" at screen 0.73,0.88
each = "column(\"time_ns\") / column(\"value\")"
plot for [i = 1:7] data index word(names, i) using (i):(@each) with points lt 1 pt 7 ps 1.6 notitle, \
     for [i = 1:7] data index word(names, i) using (i):((@each) * 2.4):(sprintf("%.3g ns", @each)) with labels notitle
unset label
unset logscale
set tmargin at screen 0.46
set bmargin at screen 0.12
set xrange [0:132]
set yrange [0:1050]
set xtics 0,16,128
set ytics 200
set format x "%g"
set xlabel "stores, one after the other"
set ylabel "the hart takes [ns]"
set key at screen 0.985,0.44 right top Left reverse samplen 2 spacing 1.15
set label 2 "the queue is full" at 30,220 right textcolor rgb "#606060"
plot data index "burst" using "x":"time_ns" with linespoints title "to nic (queue of 32)", \
     data index "chip" using "x":"time_ns" with linespoints title "to uart (queue of 16)"
unset multiplot
