# SPDX-License-Identifier: Apache-2.0
# The row with the greatest value of those at which nothing is lost.
function greatest_kept(s, column,    r, best) {
    for (r = 1; r <= rows; r++)
        if (is(r, s, column) && cell[r, "delivered_percent"] >= 99 && \
            (!best || cell[r, column] + 0 > cell[best, column] + 0))
            best = r
    return best + 0
}

END {
    label["xdp"] = "XDP_TX"
    label["xdp-adaptive"] = "XDP_TX with adaptive moderation"
    label["socket"] = "recvfrom and sendto"
    for (i = 1; i <= series_count; i++) {
        s = series[i]
        first = least(s, "offered_pps")
        best = least(s, "latency_mean_ns")
        printf "%s: %s at %s frames a second, %s at %s, where the mean is least (%.1f frames per interrupt).\n", \
            title(s), us(cell[first, "latency_mean_ns"]), short(cell[first, "offered_pps"]), \
            us(cell[best, "latency_mean_ns"]), short(cell[best, "offered_pps"]), cell[best, "packets_per_irq"]
        worst = greatest_kept(s, "latency_mean_ns")
        after = 0
        for (r = worst; worst && r <= rows; r++)
            if (is(r, s, "latency_mean_ns") && cell[r, "delivered_percent"] >= 99 && \
                (!after || cell[r, "latency_mean_ns"] + 0 < cell[after, "latency_mean_ns"] + 0))
                after = r
        if (after > worst)
            printf "%s: the worst is %s at %s a second; the NIC then waits for %.0f frames, which come sooner as there are more: %s at %s.\n", \
                title(s), us(cell[worst, "latency_mean_ns"]), short(cell[worst, "offered_pps"]), \
                cell[after, "packets_per_irq"], us(cell[after, "latency_mean_ns"]), short(cell[after, "offered_pps"])
        last = 0
        for (r = 1; r <= rows; r++)
            if (is(r, s, "offered_pps") && cell[r, "delivered_percent"] >= 99)
                last = r
        if (last)
            printf "%s: the hart's time a frame falls from %.0f ns at %s a second to %.0f ns at %s, the highest rate with all delivered.\n", \
                title(s), cell[first, "busy_ns"], short(cell[first, "offered_pps"]), \
                cell[last, "busy_ns"], short(cell[last, "offered_pps"])
    }
    print "Published, of another NIC and CPU (XDP paper, table 1): XDP forwards in 82 us at 100 frames a second and 7 us at a million; in its figure 4 the CPU time of a frame is highest at the lowest rate. This machine leaves its only idle state in 0.3 us (cpu.wfi_exit), and the driver does not hold back the first frame after a pause, so that a lone frame is quick here, and the fall is of tenths."
}
