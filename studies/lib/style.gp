# SPDX-License-Identifier: Apache-2.0
# What the figures share.  `kind`, `data` and `title_text` come from studies/run.
if (!exists("width")) width = 900
if (!exists("height")) height = 540
set encoding utf8
if (kind eq "svg") {
    set terminal svg size width,height dynamic noenhanced font "sans-serif,13" background "white"
} else {
    set terminal pngcairo size width,height noenhanced font "sans-serif,11" background "white"
}
set datafile separator comma
# The SVG terminal takes letters for larger than they are drawn.
if (kind eq "svg") {
    set xtics offset 0,0.4
    set xlabel offset 0,0.8
    set ylabel offset 1.5,0
}
set border 3 lw 1 lc rgb "#404040"
set tics nomirror out textcolor rgb "#202020"
set grid lc rgb "#e0e0e0" lw 1 lt 1
set key at screen 0.985,0.91 right top Left reverse samplen 2 spacing 1.15
# Colours that differ for everybody (Okabe and Ito), and marks that differ without them.
set linetype 1 lc rgb "#0072b2" lw 2 pt 7 ps 0.7
set linetype 2 lc rgb "#d55e00" lw 2 pt 5 ps 0.7
set linetype 3 lc rgb "#009e73" lw 2 pt 9 ps 0.9
set linetype 4 lc rgb "#cc79a7" lw 2 pt 13 ps 0.9
set linetype 5 lc rgb "#56b4e9" lw 2 pt 11 ps 0.9
set linetype 6 lc rgb "#e69f00" lw 2 pt 15 ps 0.8
set linetype 7 lc rgb "#000000" lw 2 pt 6 ps 0.8
set label 99 title_text at screen 0.5,0.965 center font ",17"

# One panel, or an upper and a lower one that share their x axis; the key is to the right of them.
one_panel = "set lmargin at screen 0.115; set rmargin at screen 0.70; set tmargin at screen 0.92; set bmargin at screen 0.16"
upper_panel = "set multiplot; set lmargin at screen 0.115; set rmargin at screen 0.70; set tmargin at screen 0.93; set bmargin at screen 0.45; set format x ''"
lower_panel = "set tmargin at screen 0.40; set bmargin at screen 0.14; set format x; unset label 99"

# The value of a column in the rows of a series; elsewhere nothing.
of(series, name) = stringcolumn("series") eq series ? column(name) : NaN
