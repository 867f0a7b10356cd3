# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Shared by the scripts of this folder; sourced, not run.

# Where everything that is downloaded or made goes. A relative path would mean another place in
# each script, so it is made absolute.
cache=${DOORBELL_CACHE:-${HOME:?neither DOORBELL_CACHE nor HOME is set}/.cache/doorbell}
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac
# shellcheck disable=SC2034  # used by the scripts that source this file
products=$cache/guest

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

say() {
    printf '%s: %s\n' "${0##*/}" "$*"
}

# Lines of a list file without comments, blank lines and surrounding blanks.
list_lines() {
    sed -e 's/#.*//' -e 's/[[:space:]]\{1,\}/ /g' -e 's/^ //' -e 's/ $//' -e '/^$/d' "$1"
}

# need COMMAND PACKAGE: the command is there, or a line says what to install.
need() {
    command -v "$1" >/dev/null ||
        die "needs $1: apt-get install $2 (guest/packages lists all that guest/ needs)"
}

# One script at a time changes the cache. The descriptor stays open until this process and the
# children that it started are gone, so a killed script never leaves a stale lock behind.
cache_lock() {
    need flock util-linux
    mkdir -p "$cache" || die "cannot make $cache"
    exec 9>"$cache/lock" || die "cannot write in $cache"
    if ! flock -n 9; then
        say "waits for another run that uses $cache" >&2
        flock 9
    fi
}

# Hash of what is on standard input, short enough for a file name.
short_hash() {
    sha256sum | cut -c1-16
}
