# SPDX-License-Identifier: Apache-2.0
END {
    label["recvfrom"] = "recvfrom, asleep"
    label["epoll"] = "epoll"
    label["io-uring"] = "io_uring, a receive at a time"
    label["multishot"] = "io_uring, multishot"
    label["busy-recvfrom"] = "busy polling from recvfrom"
    label["busy-epoll"] = "busy polling from epoll_wait"
    label["busy-io-uring"] = "busy polling from io_uring"
    for (i = 1; i <= series_count; i++) {
        s = series[i]
        low = nearest(s, "offered_pps", 10000)
        high = nearest(s, "offered_pps", 100000)
        most = 0
        for (r = 1; r <= rows; r++)
            if (is(r, s, "offered_pps") && cell[r, "delivered_percent"] >= 99 && \
                (!most || cell[r, "offered_pps"] + 0 > cell[most, "offered_pps"] + 0))
                most = r
        printf "%s: %s in the median (p99 %s) with the hart %.1f %% busy at %s requests a second; %s (p99 %s), %.1f %% at %s; keeps up to %s.\n", \
            title(s), us(cell[low, "latency_p50_ns"]), us(cell[low, "latency_p99_ns"]), \
            cell[low, "busy_percent"], short(cell[low, "offered_pps"]), us(cell[high, "latency_p50_ns"]), \
            us(cell[high, "latency_p99_ns"]), cell[high, "busy_percent"], short(cell[high, "offered_pps"]), \
            most ? short(cell[most, "offered_pps"]) : "less than the least rate here"
    }
}
