# SPDX-License-Identifier: Apache-2.0
END {
    label["xdp-drop"] = "XDP_DROP"
    label["xdp-tx"] = "XDP_TX"
    label["xdp-redirect"] = "XDP_REDIRECT to the same card"
    label["af-xdp"] = "AF_XDP, zero copy"
    plain = greatest("recvfrom", "delivered_pps")
    for (i = 1; i <= series_count; i++) {
        r = greatest(series[i], "delivered_pps")
        printf "%s: at most %s/s, with the hart %.1f %% busy, %.0f ns of it a frame; %.1f times recvfrom.\n", \
            title(series[i]), short(cell[r, "delivered_pps"]), cell[r, "busy_percent"], cell[r, "busy_ns"], \
            cell[r, "delivered_pps"] / cell[plain, "delivered_pps"]
    }
    print "Published (XDP paper, 2018; 3.6 GHz Xeon E5-1650v4, ConnectX-5, one core, 64 bytes): drop by XDP 24 M/s, by iptables' raw table 4.8 M/s: 5 to 1."
}
