# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154,SC2034  # a plan sets `series`, `warm_us`, ...
# The words of a study's plan; sourced by ./run in the guest.
points=/tmp/points program='' columns=''
warm_us=5000 window_us=30000 quiet_us=0
: >$points

bad() {
    echo "study: $*"
    exit 1
}

# card [WORD]...: the network card is up, with words of net-up. It asks for no pauses: the generator
# would keep them, and offer less than it was told to.
card() {
    wait-for /sys/class/net/eth0 5
    ethtool -A eth0 autoneg off rx off tx off || bad "pauses cannot be turned off"
    net-up "$@" >/tmp/net-up 2>&1 || bad "$(cat /tmp/net-up)"
}

# moderation USECS: as ethtool -C. The driver resets the card when this crosses what its own settings
# depend on, so the link may be gone for a while.
moderation() {
    ethtool -C eth0 rx-usecs "$1" || [ $? = 80 ] || bad "rx-usecs $1"
    left=200
    until [ "$(cat /sys/class/net/eth0/carrier)" = 1 ]; do
        left=$((left - 1))
        [ $left -gt 0 ] || bad "no link after rx-usecs $1"
        usleep 5000
    done
}

# each_queue_its_hart: queue N's interrupt goes to hart N.
each_queue_its_hart() {
    hart=0 harts=$(nproc)
    # shellcheck disable=SC2013  # words
    for irq in $(sed -n 's/^ *\([0-9]*\):.* eth0-.*/\1/p' /proc/interrupts); do
        echo $((hart % harts)) >"/proc/irq/$irq/smp_affinity_list" || bad "affinity of IRQ $irq"
        hart=$((hart + 1))
    done
}

# program COMMAND...: runs in the background from here on, instead of the one before. With `also`, beside
# it.
program() {
    stop_program
    also "$@"
}

also() {
    rm -f /tmp/ready
    "$@" ready=/tmp/ready >>/tmp/program 2>&1 &
    program="$program $!"
    wait-for /tmp/ready 5 || bad "$1 does not start: $(tail -n 1 /tmp/program)"
}

stop_program() {
    for pid in $program; do
        kill "$pid" || bad "a program of the study has ended: $(tail -n 1 /tmp/program)"
        wait "$pid"
    done 2>/dev/null
    program=''
}

# always NAME=VALUE...: columns of all points from here on.
always() {
    columns="$*"
}

# point NAME=VALUE... -- ORDER...: a run of the generator with these words, and a line of data with
# these columns.
point() {
    row="series=$series $columns"
    while [ "$1" != -- ]; do
        row="$row $1"
        shift
    done
    shift
    measured=$(./point "warm_us=$warm_us" "window_us=$window_us" "quiet_us=$quiet_us" "$@" 2>&1) ||
        bad "$row: $measured"
    echo "@ harts=$(nproc) $row $measured" >>$points
    echo "point $row"
}

# last_point: the same for a program that ends by itself when no more comes; its own count (pps=) is
# `program_ps`.
last_point() {
    point "$@"
    # shellcheck disable=SC2086  # process ids
    wait $program
    program=''
    count=$(sed -n 's/.*: result .* pps=\([0-9]*\) .*/\1/p' /tmp/program | tail -n 1)
    [ -n "$count" ] || bad "the program said nothing: $(tail -n 1 /tmp/program)"
    sed -i "\$s/\$/ program_ps=$count/" $points
}
