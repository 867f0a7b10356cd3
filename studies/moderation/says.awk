# SPDX-License-Identifier: Apache-2.0
END {
    for (i = 1; i <= series_count; i++) {
        s = series[i]
        none = nearest(s, "rx_usecs", 0)
        some = nearest(s, "rx_usecs", 50)
        most = greatest(s, "rx_usecs")
        printf "%s requests a second: without moderation %s in the median (p99 %s), %s interrupts a second, the hart busy %.1f %%.\n", \
            s, us(cell[none, "latency_p50_ns"]), us(cell[none, "latency_p99_ns"]), \
            short(cell[none, "interrupts_ps"]), cell[none, "busy_percent"]
        printf "%s, with %d us: %s (p99 %s), %s interrupts a second, busy %.1f %%; with %d us: %s (p99 %s), %s, %.1f %%.\n", \
            s, cell[some, "rx_usecs"], us(cell[some, "latency_p50_ns"]), us(cell[some, "latency_p99_ns"]), \
            short(cell[some, "interrupts_ps"]), cell[some, "busy_percent"], cell[most, "rx_usecs"], \
            us(cell[most, "latency_p50_ns"]), us(cell[most, "latency_p99_ns"]), \
            short(cell[most, "interrupts_ps"]), cell[most, "busy_percent"]
    }
    print "The NIC counts intervals in units of 2.048 us and rounds down: rx-usecs 50 is 51.2 us, 1000 is 1024 us."
}
