# SPDX-License-Identifier: Apache-2.0
# A bar for each way, cut into parts; what is left to the top is idle.
load style
@one_panel
set ylabel "of the hart's time [%]"
set yrange [0:100]
set xrange [0.4:3.6]
set xtics ("TCP" 1, "TCP, coalesced by the NIC" 2, "UDP" 3) nomirror
set grid noxtics ytics
set style fill solid 0.9 border rgb "#ffffff"
set boxwidth 0.55
parts = "'copy to the user' 'driver' 'GRO' 'packet memory' 'TCP/IP and sockets' 'interrupts and timers' 'scheduler and wake-ups' 'system calls' 'program' 'other' 'idle'"
colours = "#0072b2 #d55e00 #009e73 #cc79a7 #56b4e9 #e69f00 #f0e442 #8c6d46 #000000 #999999 #eeeeee"
names = "tcp tcp-lro udp"
share(s, p) = system(sprintf("awk -F, '$1==\"%s\"&&$2==\"%s\"{print $3}' '%s'", s, p, data)) + 0.0
below(s, n) = n < 1 ? 0 : sum [i=1:n] share(s, word(parts, i))
set key invert
plot for [n=words(parts):1:-1] '+' using (int($0) + 1):(int($0) < 3 ? below(word(names, int($0) + 1), n) : NaN) \
    every ::0::2 with boxes lc rgb word(colours, n) title word(parts, n)
