# SPDX-License-Identifier: Apache-2.0
# A row for each part that the hart's time goes to: functions of the profile, by name.  Input: the
# receiver's console, its marks, its profile (a sample each microsecond between the marks 1 and 4).
function part_of(name, module) {
    if (name ~ /^(fallback_scalar_usercopy|__asm_copy_to_user|_copy_to_iter|simple_copy_to_iter|__skb_datagram_iter|skb_copy_datagram|__check_object_size|check_stack_object|copy_page_to_iter|is_vmalloc_addr|__memcpy)/)
        return "copy to the user"
    if (module == "ixgbe" || name ~ /dma_(un)?map|dma_sync|ixgbe/)
        return "driver"
    if (name ~ /gro/ || name ~ /^skb_(gro|release_data_frags)/)
        return "GRO"
    if (name ~ /skb|kmem_cache|kfree|kmalloc|page_frag|__free_pages|__alloc|get_page|put_page|free_unref|memset|page_pool|slab|virt_to_folio/)
        return "packet memory"
    if (name ~ /^(tcp|ip_|__tcp|inet_|__inet|udp|__udp|sock_|__sock|sk_|__sk_|fib|ipv4|raw_(local|v4)|__?xfrm|security_sk|nf_|__netif|netif_|napi|net_rx|dev_|__dev|qdisc|__qdisc|eth_|security_sock|bpf_lsm_sock|apparmor_sock|mem_cgroup_.*sk)/)
        return "TCP/IP, sockets"
    if (name ~ /irq|intc|imsic|softirq|handle_exception|ret_from_exception|local_bh|trap|riscv_ipi|hrtimer|tick|timer|clock/)
        return "interrupts, timers"
    if (name ~ /sched|switch|pick_|enqueue|dequeue|update_curr|update_load|wake|ttwu|rq_|idle|cpuidle|wait|place_entity|rcu|set_next/)
        return "scheduler, wake-ups"
    if (name ~ /sys_|recvmsg|recvmmsg|iovec|copy_from_user|fdget|fget|fput|import_|sockfd|put_cmsg|handle_syscall|syscall/)
        return "system calls"
    if (name == "[user]")
        return "program"
    return "other"
}

FILENAME ~ /console$/ {
    if (match($0, /result .*/)) {
        n = split(substr($0, RSTART), word, " ")
        for (i = 2; i <= n; i++) {
            eq = index(word[i], "=")
            result[substr(word[i], 1, eq - 1)] = substr(word[i], eq + 1)
        }
    }
    next
}

FILENAME ~ /marks$/ {
    if ($1 == 1 && !began) {
        began = $3
        idle = $6
    } else if ($1 == 4 && !ended) {
        ended = $3
        idle = $6 - idle
    }
    next
}

{
    samples[part_of($2, $3)] += $1
    total += $1
}

END {
    if (!ended || !total || !("rx_packets" in result))
        exit 1
    seconds = result["ns"] / 1e9
    frames = result["rx_packets"]
    busy = 100 * (1 - idle / (ended - began))
    count = split("copy to the user,driver,GRO,packet memory,TCP/IP; sockets,interrupts; timers,scheduler; wake-ups,system calls,program,other", part, ",")
    for (i = 1; i <= count; i++) {
        gsub(/; /, ", ", part[i])
        share = busy * samples[part[i]] / total
        row(part[i], share)
    }
    row("idle", 100 - busy)
}

function row(name, share,    text) {
    text = name
    gsub(/,/, " and", text)
    printf "%s,%s,%.2f,%.1f,%.0f,%.0f,%.0f,%.0f\n", series, text, share, share / 100 * 1e9 * seconds / frames,
        result["bytes"] * 8 / seconds / 1e6, frames / seconds, result["rx_missed"] / seconds,
        result["udp_full"] / seconds
}
