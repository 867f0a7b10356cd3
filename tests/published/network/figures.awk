# SPDX-License-Identifier: Apache-2.0
# NAME VALUE lines from what the guest of ./run has printed, its marks before it (columns: mark,
# hart, time, instructions, host's time, idle time). NAME.ns: what the hart was busy for, for a
# frame of the many that are more than the few; NAME.mean_us, NAME.p50_us: there and back.
FILENAME ~ /marks$/ {
    if ($1 == 16) {
        began = $3; idle = $6
    } else if ($1 == 17) {
        busy[++windows] = $3 - began - ($6 - idle)
    }
    next
}

{ sub(/\r$/, "") }

$1 == "busy" {
    runs += 2
    printf "%s.ns %.3f\n", $2, (busy[runs] - busy[runs - 1]) / ($4 - $3) / 1000
}

$1 == "latency" {
    if (match($0, /"round_trip_ps":\{[^}]*\}/)) {
        split(substr($0, RSTART, RLENGTH), word, /[{},]/)
        for (i = 2; i in word; i++) {
            split(word[i], pair, ":")
            gsub(/"/, "", pair[1])
            if (pair[1] == "mean" || pair[1] == "p50")
                printf "%s.%s_us %.6f\n", $2, pair[1], pair[2] / 1e6
        }
    }
    # All of them came back.
    if ($0 !~ /"lost":0,/)
        exit bad = 1
}

END {
    if (bad || !runs || runs != windows) {
        printf "%d runs, %d windows between marks; or frames were lost\n", runs,
            windows > "/dev/stderr"
        exit 1
    }
}
