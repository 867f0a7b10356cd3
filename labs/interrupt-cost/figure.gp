# SPDX-License-Identifier: Apache-2.0
# Above, where an interrupt's time goes; below, what a storm of them leaves.
height = 760
load style
set output picture
set multiplot
set lmargin at screen 0.115
set rmargin at screen 0.70
set tmargin at screen 0.93
set bmargin at screen 0.61
kinds = "message wire timer"
set grid noytics
steps = "way enter save cause claim serve complete leave restore return"
array colour = ["#d0d0d0", "#0072b2", "#d55e00", "#f0e442", "#009e73", "#cc79a7", "#56b4e9", "#999999", "#e69f00", "#000000"]
array said = ["way: on the link", "enter: trap taken", "save registers", "cause: which interrupt", "claim: which device", "serve: the device", "complete: the controller", "leave: rest of C", "restore registers", "return: sret"]
set ytics ("message" 1, "wire" 2, "timer" 3)
set xtics 50
set xlabel "ns, from the edge to the interrupted program"
set key at screen 0.985,0.93 right top Left reverse samplen 1 spacing 0.9 font ",12"
set style fill solid 1 noborder
left = 0.0
do for [k = 1:3] {
    left = 0.0
    do for [s = 1:10] {
        if (!(word(kinds, k) eq "timer" && (s == 5 || s == 7)) && !(s == 1 && word(kinds, k) ne "message")) {
            stats data index (word(kinds, k) . "_" . word(steps, s)) using (column("time_ns") / column("runs")) name "T" nooutput
            set object (10 * k + s) rectangle from left, k - 0.3 to left + T_min, k + 0.3 fc rgb colour[s] fs solid 1 noborder
            left = left + T_min
        }
    }
    set label (10 + k) sprintf("%.0f ns", left) at left + 4, k
}
set xrange [0:320]
set yrange [0.4:3.6]
plot for [s = 1:10] NaN with boxes lc rgb colour[s] title said[s]
do for [i = 11:40] { unset object i }
unset label
set tmargin at screen 0.50
set bmargin at screen 0.12
set grid ytics
set logscale x
set xrange [8000:12500000]
set xtics ("10 k" 1e4, "100 k" 1e5, "1 M" 1e6, "10 M" 1e7)
set yrange [0:105]
set ytics 20
set xlabel "timer interrupts a second that were asked for"
set ylabel "time left to main() [%]"
set key at screen 0.985,0.49 right top Left reverse samplen 2 spacing 1.15 font ",13"
rate = "(column(\"x\") > 0 ? 1e9 / column(\"x\") : NaN)"
rest = "(100 * (column(\"time_ns\") - column(\"handler_ns\")) / column(\"time_ns\"))"
plot data index "bare" using @rate:@rest with linespoints title "sets the next time", \
     data index "device" using @rate:@rest with linespoints title "and reads the UART", \
     data index "work" using @rate:@rest with linespoints title "and works 1 us"
unset multiplot
