# SPDX-License-Identifier: Apache-2.0
# Left, what a byte of the picture costs in each way, and its bus transactions; right, lines that are
# not full.
height = 520
load style
set output picture
names = "uc4 uc8 wc columns copy_wc copy_dma"
label(s) = s eq "uc4" ? "uncached,\n4 bytes" : s eq "uc8" ? "uncached,\n8 bytes" : \
    s eq "wc" ? "write-\ncombining" : s eq "columns" ? "the same, by\ncolumns" : \
    s eq "copy_wc" ? "RAM, then\nby the hart" : "RAM, then\nby DMA"
# The last two are drawn in RAM first.
first(s) = s[1:4] eq "copy" ? in_ram : 0
set multiplot
set lmargin at screen 0.075
set rmargin at screen 0.645
set tmargin at screen 0.88
set bmargin at screen 0.15
set style fill solid 0.9
set boxwidth 0.6
set xtics scale 0
set xrange [0.4:6.6]
set yrange [0:2.6]
set ylabel "ns a byte"
set key at graph 0.99,0.985 right top noreverse Right
stats data index "draw" using (column("time_ns") / column("value")) name "ram" nooutput
in_ram = ram_min
plot for [i=1:words(names)] data index word(names, i) \
        using (i):(first(word(names, i)) + column("time_ns") / column("value")):xtic(label(word(names, i))) \
        with boxes lt 1 title i == 1 ? "into the frame buffer (above: the hart's transactions)" : "", \
     for [i=5:6] data index word(names, i) using (i):(in_ram) with boxes lc rgb "#b0b0b0" \
        title i == 5 ? "before, into RAM" : "", \
     for [i=1:words(names)] data index word(names, i) \
        using (i):(first(word(names, i)) + column("time_ns") / column("value")):(sprintf("%d", column("transactions"))) \
        with labels offset 0,0.7 notitle
unset key
unset label 99
set lmargin at screen 0.735
set rmargin at screen 0.975
set xtics scale 1
set xtics 0,16,64
set xrange [0:68]
set yrange [0:1.25]
set xlabel "bytes of each line of 64"
set ylabel "ns a byte, write-combining"
plot data index "partial" using "x":(column("time_ns") / column("value")) with linespoints lt 2 notitle
unset multiplot
