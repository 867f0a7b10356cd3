# SPDX-License-Identifier: Apache-2.0
END {
    label["napi-0"] = "NAPI without moderation"
    label["napi-50"] = "NAPI with 50 us"
    label["napi-adaptive"] = "NAPI with the driver's adaptive moderation"
    label["threaded"] = "NAPI in a thread"
    label["busy-poll"] = "busy polling"
    label["two-harts"] = "NAPI on one hart, the program on another"
    for (i = 1; i <= series_count; i++) {
        s = series[i]
        best = greatest(s, "delivered_pps")
        last = greatest(s, "offered_pps")
        knee = 0
        for (r = 1; r <= rows; r++)
            if (is(r, s, "offered_pps") && cell[r, "delivered_percent"] >= 99 && \
                (!knee || cell[r, "offered_pps"] + 0 > cell[knee, "offered_pps"] + 0))
                knee = r
        printf "%s: all arrives up to %s frames a second; the most delivered is %s/s; at %s/s offered it is %s/s (%.0f %% of the most).\n", \
            title(s), knee ? short(cell[knee, "offered_pps"]) : "(never)", short(cell[best, "delivered_pps"]), \
            short(cell[last, "offered_pps"]), short(cell[last, "delivered_pps"]), \
            100 * cell[last, "delivered_pps"] / cell[best, "delivered_pps"]
        lost = cell[last, "nic_drop_pps"] + cell[last, "socket_drop_pps"] + cell[last, "other_drop_pps"]
        if (lost > 0)
            printf "%s, overloaded: %.0f %% of what is lost is lost in the NIC at no cost to the hart, %.0f %% at the socket, after the stack has worked for it.\n", \
                title(s), 100 * cell[last, "nic_drop_pps"] / lost, 100 * cell[last, "socket_drop_pps"] / lost
    }
    last = greatest("napi-adaptive", "offered_pps")
    best = greatest("napi-adaptive", "delivered_pps")
    if (cell[last, "delivered_pps"] < 0.05 * cell[best, "delivered_pps"])
        print "NAPI itself does not collapse: overloaded it takes as many frames from the NIC as it has time for, with no interrupts. What starves is the program on the same hart. Since Linux 6.5 (d15121be7485, which took back 4cd13c21b207 of 2016, \"softirq: Let ksoftirqd do its job\"), pending softirqs run whenever the program's own system calls let them, and there are always some: the scheduler gives the program its half of the hart, which it spends on receiving for a socket that is full. The kernel's answer is NAPI in a thread."
}
