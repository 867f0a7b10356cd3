# SPDX-License-Identifier: Apache-2.0
BEGIN {
    label["tcp"] = "TCP"
    label["tcp-lro"] = "TCP, coalesced by the NIC"
    label["udp"] = "UDP"
}
END {
    for (i = 1; i <= series_count; i++) {
        s = series[i]
        idle = copy = driver = first = 0
        for (r = 1; r <= rows; r++)
            if (cell[r, "series"] == s) {
                if (!first)
                    first = r
                if (cell[r, "part"] == "idle")
                    idle = cell[r, "percent"]
                if (cell[r, "part"] == "copy to the user")
                    copy = cell[r, "percent"]
            }
        printf "%s: %.2f Gb/s in %s frames/s; the hart is busy %.0f %% of the time, %.0f %% of that copies to the program; dropped by the NIC %s/s, by the socket %s/s.\n", \
            title(s), cell[first, "goodput_mbps"] / 1000, short(cell[first, "frames_ps"]), 100 - idle, \
            100 * copy / (100 - idle), short(cell[first, "nic_drop_pps"]), short(cell[first, "socket_drop_pps"])
    }
}
