# SPDX-License-Identifier: Apache-2.0
# The report of bench/run: from the files in `work`, as a table, or with json=yes as JSON, with the name
# of the `peer`. Its input is bench/works. The network's part is in report-net.awk.

# The shortest repetition of each work: by the guest's clock, or natively.
function read_works(machine, best,    file, f) {
    file = work "/" machine ".works"
    while ((getline line < file) > 0) {
        if (split(line, f, " ") != 4 || line ~ /skipped/)
            continue
        if (!(f[1] in best) || f[3] / 1000 < best[f[1]])
            best[f[1]] = f[3] / 1000
        mark[f[1]] = f[2]
        seen[machine, f[1]] = 1
    }
}

# The shortest and the middle repetition between two marks, by the host's clock.
function read_marks(machine, best, count, middle,    file, f, n, at, began, took, all, times) {
    file = work "/" machine ".marks"
    while ((getline line < file) > 0) {
        if (line ~ /^#/ || split(line, f, " ") < 5 || f[1] < 16)
            continue
        if (f[1] % 2 == 0) {
            at = f[5]; began = f[4]
            continue
        }
        n = f[1] - 1
        took = (f[5] - at) / 1000
        all[n, ++times[n]] = took
        if (!(n in best) || took < best[n]) {
            best[n] = took; count[n] = f[4] - began
        }
    }
    for (n in times)
        middle[n] = middle_of(all, n, times[n])
}

function middle_of(all, n, count,    i, j, t, sorted) {
    for (i = 1; i <= count; i++) {
        t = all[n, i]
        for (j = i; j > 1 && sorted[j - 1] > t; j--)
            sorted[j] = sorted[j - 1]
        sorted[j] = t
    }
    return sorted[int((count + 1) / 2)]
}

function read_boot(machine, best,    file, f) {
    file = work "/" machine ".boot"
    while ((getline line < file) > 0) {
        split(line, f, " ")
        if (best["wall"] == "" || f[1] < best["wall"]) best["wall"] = f[1]
        if (best["user"] == "" || f[2] < best["user"]) best["user"] = f[2]
    }
}

function number(format, value) {
    return value == "" ? (json ? "null" : "-") : sprintf(format, value)
}

function ratio(a, b) {
    return a == "" || !b ? "" : a / b
}

BEGIN {
    json = json == "yes"
    while ((getline line < (work "/facts")) > 0) {
        key = substr(line, 1, index(line, " ") - 1)
        value = substr(line, index(line, " ") + 1)
        if (json) {
            gsub(/["\\]/, "\\\\&", value)
            printf "%s\"%s\": \"%s\"", facts++ ? ",\n " : "{", key, value
        } else {
            printf "%-7s %s\n", key, value
        }
    }
    read_works("doorbell", clock); read_works("qemu", qemu); read_works("icount", icount)
    read_works("native", native)
    read_marks("doorbell", ours, count, middle)
    read_marks("off", off, off_count, off_middle)
    read_marks("plain", plain, plain_count, plain_middle)
    read_marks("traced", traced, traced_count, traced_middle)
    if (json)
        printf ",\n \"works\": ["
    else if (length(ours))
        printf "\n%-8s %9s %10s %6s %10s %6s %6s %10s %6s %10s %6s\n", "work", "instr.", "doorbell",
            "MIPS", peer, "ratio", "target", "-icount 0", "ratio", "native", "share"
}

/^#/ || !NF { next }

# A line of bench/works.
{
    # The targets are beside QEMU.
    name = $1; target = $2 == "-" || peer != "QEMU" ? "" : $2; per = $4
    if (!(("doorbell", name) in seen))
        next
    n = mark[name]
    wanted[++wanted_count] = n; name_of[n] = name
    us = ours[n]
    r = ratio(qemu[name], us); ri = ratio(icount[name], us); share = ratio(native[name], us)
    if (target != "" && r != "") { judged++; if (r + 0.005 < target) missed = missed " " name }
    qemu_us = qemu[name] == "" ? "" : qemu[name] / per
    icount_us = icount[name] == "" ? "" : icount[name] / per
    if (json) {
        printf "%s\n  {\"name\": \"%s\", \"instructions\": %.0f, \"doorbell_us\": %.3f, \"mips\": %.1f",
            printed++ ? "," : "", name, count[n] / per, us / per, count[n] / us
        printf ", \"qemu_us\": %s, \"ratio\": %s, \"target\": %s", number("%.3f", qemu_us),
            number("%.3f", r), number("%s", target)
        printf ", \"icount_us\": %s, \"icount_ratio\": %s", number("%.3f", icount_us), number("%.3f", ri)
        printf ", \"native_us\": %s, \"native_share\": %s}", number("%.3f", native[name]),
            number("%.4f", share)
    } else {
        printf "%-8s %9.0f %10.1f %6.0f %10s %6s %6s %10s %6s %10s %6s\n", name, count[n] / per, us / per,
            count[n] / us, number("%.1f", qemu_us), number("%.2f", r), number("%s", target),
            number("%.1f", icount_us), number("%.2f", ri), number("%.1f", native[name]),
            number("%.2f", share)
    }
}

END {
    if (json || printed || length(ours))
        report_rest()
    report_network()
    if (json)
        print "\n}"
}

function report_rest(    r, ru, m) {
    read_boot("doorbell", boot); read_boot("qemu", qemu_boot); read_boot("icount", icount_boot)
    r = ratio(qemu_boot["wall"], boot["wall"]); ru = ratio(qemu_boot["user"], boot["user"])
    if (json) {
        printf "],\n \"boot\": {\"doorbell_s\": %.3f, \"doorbell_user_s\": %.3f, \"qemu_s\": %s, ",
            boot["wall"] / 1000, boot["user"] / 1000, number("%.3f", ratio(qemu_boot["wall"], 1000))
        printf "\"qemu_user_s\": %s, \"ratio\": %s, \"user_ratio\": %s, \"target\": 1.7}",
            number("%.3f", ratio(qemu_boot["user"], 1000)), number("%.3f", r), number("%.3f", ru)
    } else {
        printf "\nboot to \"guest ready\", wall (user) seconds: doorbell %.2f (%.2f)", boot["wall"] / 1000,
            boot["user"] / 1000
        if (r != "")
            printf ", %s %.2f (%.2f): ratio %.2f (%.2f)%s", peer, qemu_boot["wall"] / 1000,
                qemu_boot["user"] / 1000, r, ru, peer == "QEMU" ? ", target 1.7" : ""
        if (icount_boot["wall"] != "")
            printf "; with -icount %.2f (%.2f)", icount_boot["wall"] / 1000, icount_boot["user"] / 1000
        printf "\n"
    }
    report_off()
    report_recorder()
    report_memory()
    if (!json && judged)
        printf "%d of %d works reach their target%s\n", judged - split(missed, m, " "), judged,
            missed == "" ? "" : "; short of it:" missed
}

# What keeping time costs: the works that ran with --timing off as well.
function report_off(    i, n, first, d, worst) {
    for (i = 1; i <= wanted_count; i++) {
        n = wanted[i]
        if (!(n in off))
            continue
        d = (ours[n] / off[n] - 1) * 100
        if (d < 0 ? -d > worst : d > worst) worst = d < 0 ? -d : d
        if (json)
            printf "%s{\"name\": \"%s\", \"io_us\": %.3f, \"off_us\": %.3f, \"percent\": %.2f}",
                first++ ? ", " : ",\n \"timing_off\": [", name_of[n], ours[n], off[n], d
        else
            printf "%s %s %+.1f %%", first++ ? "," : "--timing io against off:", name_of[n], d
    }
    if (first)
        printf json ? "]" : "; target: under 5\n"
}

function report_recorder(    i, n, d, dm) {
    for (i = 1; i <= wanted_count; i++) {
        n = wanted[i]
        if (!(n in traced) || !(n in plain))
            continue
        d = (traced[n] / plain[n] - 1) * 100
        dm = (traced_middle[n] / plain_middle[n] - 1) * 100
        if (json)
            printf ",\n \"recorder\": {\"name\": \"%s\", \"percent\": %.2f, \"median_percent\": %.2f, \"target\": 25}",
                name_of[n], d, dm
        else
            printf "recording all of %s: %+.1f %% (the middle repetition %+.1f %%); target: under 25\n",
                name_of[n], d, dm
    }
}

function report_memory(    f) {
    if ((getline line < (work "/memory")) <= 0)
        return
    split(line, f, " ")
    if (json)
        printf ",\n \"memory\": {\"touched_mib\": 200, \"host_mib\": %.0f, \"ram_mib\": %.0f, \"target\": 300}",
            f[1] / 1024, f[2] / 1024
    else
        printf "host memory when a program has touched 200 MiB of 1 GiB: %.0f MiB, " \
            "%.0f of it the guest's RAM; target: 300\n", f[1] / 1024, f[2] / 1024
}
