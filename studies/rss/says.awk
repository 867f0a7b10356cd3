# SPDX-License-Identifier: Apache-2.0
END {
    one = greatest("1", "delivered_pps")
    for (i = 1; i <= series_count; i++) {
        s = series[i]
        best = greatest(s, "delivered_pps")
        last = greatest(s, "offered_pps")
        printf "%s hart%s: at most %s/s delivered, %.2f times one hart's; %s/s when %s/s are offered.\n", \
            s, s == 1 ? "" : "s", short(cell[best, "delivered_pps"]), \
            cell[best, "delivered_pps"] / cell[one, "delivered_pps"], short(cell[last, "delivered_pps"]), \
            short(cell[last, "offered_pps"])
    }
    print "Beyond what they can take, the programs starve: see offered-load."
}
