# SPDX-License-Identifier: Apache-2.0
# Above, the hart's time for a character; below, its loads of the UART.  Both axes are logarithmic.
height = 640
load style
set output picture
names = "poll fifo each ring"
set xrange [0.4:4.6]
set xtics ("poll" 1, "fifo" 2, "each" 3, "ring" 4)
set logscale y
unset key
set label 1 "A character takes\n86.8 us on the wire,\nhowever it is sent." at screen 0.73,0.86
set label 2 "poll   looks at LSR, sends 1 byte\nfifo   looks at LSR, sends 16\neach   an interrupt sends 1\nring   an interrupt sends 16" at screen 0.73,0.66
@upper_panel
set yrange [10:300000]
set ytics ("10 ns" 10, "100 ns" 100, "1 us" 1000, "10 us" 10000, "100 us" 100000)
set ylabel "hart busy, a character"
set format x ''
set xtics ("" 1, "" 2, "" 3, "" 4)
time_text(t) = t < 1000 ? sprintf("%.0f ns", t) : sprintf("%.1f us", t / 1000)
plot for [i = 1:4] data index word(names, i) using (i):(column("busy_ns") / column("value")) with points lt i pt 7 ps 1.6 notitle, \
     for [i = 1:4] data index word(names, i) using (i):(column("busy_ns") / column("value") * 2.2):(time_text(column("busy_ns") / column("value"))) with labels notitle
@lower_panel
unset label 1
unset label 2
set xtics ("poll" 1, "fifo" 2, "each" 3, "ring" 4)
set yrange [0.02:9000]
set ytics ("0.1" 0.1, "1" 1, "10" 10, "100" 100, "1000" 1000)
set ylabel "loads, a character" offset 0.3,0
plot for [i = 1:4] data index word(names, i) using (i):(column("mmio_loads") / column("value")) with points lt i pt 7 ps 1.6 notitle, \
     for [i = 1:4] data index word(names, i) using (i):(column("mmio_loads") / column("value") * 3.2):(sprintf("%.3g", column("mmio_loads") / column("value"))) with labels notitle
unset multiplot
