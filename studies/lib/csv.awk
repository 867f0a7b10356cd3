# SPDX-License-Identifier: Apache-2.0
# Before a study's says.awk: reads NAME.csv into `cell[row, column]`, rows 1 to `rows`, and helps to say
# things of them. says.awk has an END block that prints a line for each sentence.
BEGIN { FS = "," }

NR == 1 {
    for (i = 1; i <= NF; i++)
        name_of[i] = $i
    next
}

{
    rows++
    for (i = 1; i <= NF; i++)
        cell[rows, name_of[i]] = $i
    if (!($1 in known)) {
        known[$1] = 1
        series[++series_count] = $1
    }
}

# The row of a series with the least or the greatest value of a column, or the one nearest to `x`; 0:
# none has one.
function least(which, column,    r, best) {
    for (r = 1; r <= rows; r++)
        if (is(r, which, column) && (!best || cell[r, column] + 0 < cell[best, column] + 0))
            best = r
    return best + 0
}

function greatest(which, column,    r, best) {
    for (r = 1; r <= rows; r++)
        if (is(r, which, column) && (!best || cell[r, column] + 0 > cell[best, column] + 0))
            best = r
    return best + 0
}

function nearest(which, column, x,    r, best) {
    for (r = 1; r <= rows; r++)
        if (is(r, which, column) && (!best || distance(r, column, x) < distance(best, column, x)))
            best = r
    return best + 0
}

function distance(r, column, x) {
    return cell[r, column] > x ? cell[r, column] - x : x - cell[r, column]
}

function is(r, which, column) {
    return cell[r, "series"] == which && cell[r, column] != ""
}

# 1234567 as "1.23 M", 45600 as "45.6 k".
function short(x) {
    return x >= 1e6 ? sprintf("%.2f M", x / 1e6) : x >= 1e3 ? sprintf("%.1f k", x / 1e3) : sprintf("%.0f", x)
}

function us(ns) {
    return sprintf(ns < 100000 ? "%.1f us" : "%.0f us", ns / 1000)
}

# Words for a series; says.awk may have its own in `label`.
function title(which) {
    return which in label ? label[which] : which
}
