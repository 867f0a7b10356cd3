# SPDX-License-Identifier: Apache-2.0
load style
set lmargin at screen 0.10
set rmargin at screen 0.98
set tmargin at screen 0.92
set bmargin at screen 0.14
label(s) = s eq "xdp-drop" ? "XDP_DROP" : s eq "xdp-tx" ? "XDP_TX" : \
    s eq "xdp-redirect" ? "XDP_REDIRECT" : s eq "af-xdp" ? "AF_XDP,\nzero copy" : s
set ylabel "million frames a second on one hart"
set yrange [0:16]
set xrange [0.4:6.6]
set style fill solid 0.9
set boxwidth 0.55
set xtics scale 0
line_rate = 14.880952
# The greatest of each series; delivered_pps is the third column.
names = "xdp-drop xdp-tx xdp-redirect af-xdp recvmmsg recvfrom"
greatest(s) = real(system(sprintf("awk -F, '$1 == \"%s\" && $3 > m { m = $3 } END { print m }' '%s'", s, data)))
array best[words(names)]
do for [i=1:words(names)] {
    best[i] = greatest(word(names, i)) / 1e6
}
plot line_rate with lines lc rgb "#d55e00" dt 2 title "10 GbE line rate, 64-byte frames", \
    for [i=1:words(names)] '+' every ::0::0 using (i):(best[i]):xtic(label(word(names, i))) \
        with boxes lt 1 notitle, \
    for [i=1:words(names)] '+' every ::0::0 using (i):(best[i]):(sprintf("%.2f", best[i])) \
        with labels offset 0,0.7 notitle
