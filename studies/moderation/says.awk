# SPDX-License-Identifier: Apache-2.0
END {
    for (i = 1; i <= series_count; i++) {
        s = series[i]
        none = nearest(s, "rx_usecs", 0)
        some = nearest(s, "rx_usecs", 50)
        most = best = 0
        for (r = 1; r <= rows; r++)
            if (is(r, s, "rx_usecs") && cell[r, "delivered_percent"] >= 99) {
                if (!most || cell[r, "rx_usecs"] + 0 > cell[most, "rx_usecs"] + 0)
                    most = r
                if (!best || cell[r, "latency_p99_ns"] + 0 < cell[best, "latency_p99_ns"] + 0)
                    best = r
            }
        printf "%s requests a second: without moderation %s in the median (p99 %s), %s interrupts a second, the hart busy %.1f %%.\n", \
            s, us(cell[none, "latency_p50_ns"]), us(cell[none, "latency_p99_ns"]), \
            short(cell[none, "interrupts_ps"]), cell[none, "busy_percent"]
        printf "%s, with %d us: %s (p99 %s), %s interrupts a second, busy %.1f %%; with %d us: %s (p99 %s), %s, %.1f %%.\n", \
            s, cell[some, "rx_usecs"], us(cell[some, "latency_p50_ns"]), us(cell[some, "latency_p99_ns"]), \
            short(cell[some, "interrupts_ps"]), cell[some, "busy_percent"], cell[most, "rx_usecs"], \
            us(cell[most, "latency_p50_ns"]), us(cell[most, "latency_p99_ns"]), \
            short(cell[most, "interrupts_ps"]), cell[most, "busy_percent"]
        if (best && cell[none, "busy_percent"] > 90 && 2 * cell[best, "latency_p99_ns"] < cell[none, "latency_p99_ns"])
            printf "%s: the least p99, %s, is with %d us: without moderation there are more interrupts than the hart has time for.\n", \
                s, us(cell[best, "latency_p99_ns"]), cell[best, "rx_usecs"]
        last = greatest(s, "rx_usecs")
        if (last != most)
            printf "%s: above %d us, requests are lost at the socket, %.0f %% with %d us: what comes in one interval is more than its buffer holds.\n", \
                s, cell[most, "rx_usecs"], 100 - cell[last, "delivered_percent"], cell[last, "rx_usecs"]
    }
    print "The NIC counts intervals in units of 2.048 us, and the driver rounds down to them: rx-usecs 50 is 25 units, 51.2 us."
}
