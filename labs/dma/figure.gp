# SPDX-License-Identifier: Apache-2.0
# Above, how long a copy takes; below, how long the hart is busy with it.
height = 740
load style
set output picture
names = "by_bytes by_words dma_poll dma_sleep"
label(s) = s eq "by_bytes" ? "hart, by bytes" : s eq "by_words" ? "hart, by words" : \
    s eq "dma_poll" ? "DMA, polled" : "DMA, interrupt"
set logscale xy
set xrange [45:1500000]
set xtics ("64" 64, "256" 256, "1 Ki" 1024, "4 Ki" 4096, "16 Ki" 16384, "64 Ki" 65536, "256 Ki" 262144, "1 Mi" 1048576)
set ytics ("10 ns" 0.01, "100 ns" 0.1, "1 us" 1, "10 us" 10, "100 us" 100, "1 ms" 1000)
set yrange [0.007:2000]
@upper_panel
set xtics ("" 64, "" 256, "" 1024, "" 4096, "" 16384, "" 65536, "" 262144, "" 1048576)
set ylabel "time of the copy"
plot for [s in names] data index s using "x":(column("time_ns") / 1000) with linespoints title label(s)
@lower_panel
set xtics ("64" 64, "256" 256, "1 Ki" 1024, "4 Ki" 4096, "16 Ki" 16384, "64 Ki" 65536, "256 Ki" 262144, "1 Mi" 1048576)
set xlabel "bytes"
set ylabel "of it, the hart is busy"
plot for [s in names] data index s using "x":(column("busy_ns") / 1000) with linespoints notitle
unset multiplot
