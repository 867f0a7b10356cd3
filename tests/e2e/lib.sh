# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# What the end-to-end tests share.  Sourced with the program to test as "$1", and perhaps one that
# helps as "$2"; leaves them in `doorbell` and `helper`, the guest's files in `cache`, an empty folder
# `work` (the current one, removed at the end) and `failed`, which is the exit status.
set -uo pipefail
doorbell=$(realpath "${1:?the program to test}")
helper=${2:+$(realpath "$2")}
cache=${DOORBELL_CACHE:-$HOME/.cache/doorbell}
PATH=$PATH:/usr/sbin:/sbin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

# need_guest NAME FILE...: ends with "skipped" where the Debian guest was not made.
need_guest() {
    local name=$1 file
    shift
    for file in guest/Image initrd.cpio disk.img "$@"; do
        [ -s "$cache/$file" ] || {
            echo "skip $name: no $file of the Debian guest (guest/fetch, guest/initrd, guest/image)"
            exit 77
        }
    done
}

# What shortens the boot (guest/README.md) and hides nothing: warnings are shown.
words="cryptomgr.notests initcall_blacklist=jent_mod_init loglevel=5 doorbell.loglevel=5"

# boot CONSOLE OPTION...: the guest with its console in a file, its status returned, messages in err.
initrd=initrd.cpio
boot() {
    local console=$1
    shift
    timeout 240 "$doorbell" run --kernel "$cache/guest/Image" --initrd "$cache/$initrd" \
        --append "$words" --max-time 60s --console "$console" "$@" </dev/null 2>err
}

# job NAME: makes a folder for --job of the script on stdin.
job() {
    mkdir -p "$1"
    { printf '#!/bin/sh\nset -e\n'; cat; } >"$1/run"
    chmod +x "$1/run"
}

# What a console must never show.  The first line is of every riscv64 kernel: 64-bit window, 32 bits.
trouble='nvme.*(timeout|abort|reset|fail)|I/O error|EXT4-fs (error|warning)|BUG|WARNING|Oops'
trouble+='|Call Trace|rcu.*stall|soft lockup|nobody cared|[Uu]nable to handle|panic'

ok() {
    echo "ok $1"
}

fail() {
    echo "FAIL $1: ${*:2}"
    failed=1
}

# check NAME COMMAND...: the command succeeds.
check() {
    local name=$1
    shift
    if "$@" >check.out 2>&1; then
        ok "$name"
    else
        fail "$name" "$* (status $?) $(head -n 3 check.out | tr '\n' ' ')"
    fi
}

# booted NAME STATUS CONSOLE [TEXT]: the boot had this status, 0; its console has the text and no
# trouble.
booted() {
    if [ "$2" -ne 0 ]; then
        fail "$1" "status $2, $(tail -n 1 err); console ends: $(tail -n 3 "$3" | tr '\r\n' '  ')"
    elif ! grep -qE "${4:-}" "$3"; then
        fail "$1" "the console has no \"$4\": $(tail -n 3 "$3" | tr '\r\n' '  ')"
    elif grep -qE "$trouble" "$3"; then
        fail "$1" "the console says: $(grep -E "$trouble" "$3" | head -n 2 | tr '\r\n' '  ')"
    else
        ok "$1"
    fi
}

# of_wire TO_GUEST|FROM_GUEST KEY REPORT: a count of the wire's.
of_wire() {
    sed -n "/\"$1\": {/,/}/s/.*\"$2\": \([0-9]*\).*/\1/p" "$3"
}

# said KEY FILE: the value of a line KEY=VALUE or KEY: VALUE in a console, 0 without one.
said() {
    local value
    value=$(tr -d '\r' <"$2" | sed -n "s/^ *$1[=:] *\([0-9]*\).*/\1/p" | tail -n 1)
    echo "${value:-0}"
}
