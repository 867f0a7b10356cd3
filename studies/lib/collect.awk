# SPDX-License-Identifier: Apache-2.0
# From a machine's console and its marks, the lines of data that a study wants (`wanted`: its columns).
# Names are those of studies/lib/columns; what comes in, those of studies/programs/point.c.

# The window of point i is between the i-th pair of marks 16 and 17.
function read_marks(    line, f) {
    while ((getline line < marks) > 0) {
        if (split(line, f, " ") < 6 || line ~ /^#/)
            continue
        if (f[1] == 16) {
            began = f[3]; waited = f[6]
        } else if (f[1] == 17) {
            windows++
            window_ps[windows] = f[3] - began
            idle_ps[windows] = f[6] - waited
        }
    }
}

function no_less_than_0(x) {
    return x < 0 ? 0 : x
}

function percent_of(a, b) {
    return b > 0 ? 100 * a / b : ""
}

function number(x, digits) {
    return x == "" ? "" : sprintf("%." digits "f", x)
}

# The value of a column, from `v`, the words of this point.
function value(name,    all_ps) {
    if (name in v)
        return v[name]
    if (name == "offered_pps")
        return number(offered(), 0)
    if (name == "received_pps")
        return number(v["received_ps"], 0)
    if (name == "delivered_pps")
        return number(delivered(), 0)
    if (name == "delivered_percent")
        return number("counted" in v && v["counted"] ~ /^gen/ ? \
            percent_of(v["gen.returned.frames"], v["gen.sent.frames"]) : \
            percent_of(delivered(), offered()), 2)
    if (name == "nic_drop_pps")
        return number(slack(offered() - v["received_ps"]), 0)
    if (name == "socket_drop_pps")
        return number(v["socket_drop_ps"], 0)
    if (name == "other_drop_pps")
        return number(slack(v["received_ps"] - delivered() - v["socket_drop_ps"]), 0)
    if (name == "sent_pps")
        return number(v["gen.returned.frames_per_s"], 0)
    if (name ~ /^latency_/)
        return number(latency(substr(name, 9, length(name) - 11)), 0)
    if (name == "offered_mbps")
        return number(v["gen.sent.wire_bits_per_s"] / 1e6, 1)
    if (name == "interrupts_ps")
        return number(v["interrupts_ps"], 0)
    if (name == "packets_per_irq")
        return number(v["interrupts_ps"] + 0 > 0 ? v["received_ps"] / v["interrupts_ps"] : "", 2)
    all_ps = window_ps[point] * v["harts"]
    if (name == "busy_percent")
        return number(percent_of(all_ps - idle_ps[point], all_ps), 2)
    if (name == "busy_ns")
        return number(delivered() > 0 ? \
            (1 - idle_ps[point] / all_ps) * v["harts"] * 1e9 / delivered() : "", 0)
    print FILENAME ": nothing says what " name " is" > "/dev/stderr"
    exit 1
}

# A window ends between two packets: what is not a tenth of a percent of the rate is nothing.
function slack(x) {
    return x < 0.001 * offered() ? 0 : x
}

function offered() {
    return v["gen.sent.frames_per_s"]
}

# Nanoseconds there and back, in the run without disturbance if there was one; nothing where nothing
# came back.
function latency(which,    of) {
    of = ("quiet.returned.round_trip_ps.count" in v ? "quiet" : "gen") ".returned.round_trip_ps."
    return v[of "count"] + 0 > 0 ? v[of which] / 1000 : ""
}

# `counted`: which counter says what the program was given.
function delivered() {
    return v["counted" in v ? v["counted"] : "read_ps"]
}

BEGIN {
    columns = split(wanted, column, " ")
    read_marks()
}

{ sub(/\r$/, "") }

/^@ / {
    point++
    split("", v)
    for (i = 2; i <= NF; i++) {
        at = index($i, "=")
        v[substr($i, 1, at - 1)] = substr($i, at + 1)
    }
    line = ""
    for (i = 1; i <= columns; i++)
        line = line (i > 1 ? "," : "") value(column[i])
    print line
}

END {
    if (point != windows || !point) {
        printf "%s: %d points, but %d windows between marks\n", FILENAME, point, windows > "/dev/stderr"
        exit 1
    }
}
