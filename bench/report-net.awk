# SPDX-License-Identifier: Apache-2.0
# The network's part of the report: microseconds a packet, of the repetition with the fewest.

# By the guest's clock, to best[work].
function read_packets(machine, best,    file, f) {
    file = work "/" machine ".packets"
    while ((getline line < file) > 0)
        if (split(line, f, " ") == 5 && f[5] > 0 && (!(f[2] in best) || f[4] / 1000 / f[5] < best[f[2]]))
            best[f[2]] = f[4] / 1000 / f[5]
}

# By the host's clock: the marks of each repetition, which come in the order of its packets. Also the
# instructions a packet. Returns how many repetitions there were.
function read_marked(machine, best, instructions,    count, file, f, n, at, began, packets, repetitions, seen, us) {
    file = work "/" machine ".packets"
    while ((getline line < file) > 0)
        if (split(line, f, " ") == 5)
            packets[f[3], ++repetitions[f[3]]] = f[2] " " f[5]
    file = work "/" machine ".marks"
    while ((getline line < file) > 0) {
        if (line ~ /^#/ || split(line, f, " ") < 5 || f[1] < 16)
            continue
        if (f[1] % 2 == 0) {
            at = f[5]; began = f[4]
            continue
        }
        n = f[1] - 1; us = (f[5] - at) / 1000; began = f[4] - began
        if (split(packets[n, ++seen[n]], f, " ") != 2 || f[2] == 0)
            continue
        count++
        if (!(f[1] in best) || us / f[2] < best[f[1]]) {
            best[f[1]] = us / f[2]; instructions[f[1]] = began / f[2]
        }
    }
    return count
}

function report_network(    line, f, i, name, nics, nic, theirs, best, instructions, us, t, r, target, \
                            first, compared, reached) {
    if (!read_marked("net", best, instructions))
        return
    while ((getline line < (work "/nics")) > 0) {
        split(line, f, " ")
        nic[++nics] = f[1]
        delete us
        read_packets("nic-" f[1], us)
        for (name in us)
            theirs[f[1], name] = us[name]
    }
    if (json) {
        printf ",\n \"network\": ["
    } else {
        printf "\n%-8s %9s %10s %9s", "network", "instr.", "doorbell", "packets/s"
        for (i = 1; i <= nics; i++)
            printf " %9s %6s", nic[i], "ratio"
        printf " %6s\n", "target"
    }
    while ((getline line < "bench/works-net") > 0) {
        if (line ~ /^#/ || split(line, f, " ") < 2 || !(f[1] in best))
            continue
        name = f[1]; target = f[2] == "-" || peer != "QEMU" ? "" : f[2]; t = ""
        if (json)
            printf "%s\n  {\"name\": \"%s\", \"instructions\": %.0f, \"doorbell_us\": %.3f", first++ ? "," : "",
                name, instructions[name], best[name]
        else
            printf "%-8s %9.0f %10.3f %9.0f", name, instructions[name], best[name], 1000000 / best[name]
        for (i = 1; i <= nics; i++) {
            us_of = theirs[nic[i], name]; r = ratio(us_of, best[name])
            # Of the cards that exist, the one that it is best at.
            if (nic[i] != "virtio" && r != "" && (t == "" || r < t))
                t = r
            if (json)
                printf ", \"%s_us\": %s, \"%s_ratio\": %s", nic[i], number("%.3f", us_of), nic[i],
                    number("%.3f", r)
            else
                printf " %9s %6s", number("%.3f", us_of), number("%.2f", r)
        }
        printf json ? ", \"target\": %s}" : " %6s\n", number("%s", target)
        if (target != "" && t != "") { compared++; if (t + 0.005 >= target) reached++ }
    }
    if (json)
        printf "]"
    else if (compared)
        printf "%d of %d works of the network reach their target, beside the best of %s's models of real cards\n",
            reached, compared, peer
}
