# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034
# Shared by the network's jobs; sourced. Sorts a job's words: those of net-up into `up`, orders for
# the traffic generator into `order`, the rest into `rest`. Blanks in a word are written as +.
#   start=rate=100k+count=1000   `net-control start rate=100k count=1000` once all is ready
up='' order='' rest=''
sort_words() {
    for word; do
        case $word in
            device=* | ip=* | gateway=* | mtu=* | neighbour=* | usecs=* | ring=* | queues=* | \
                feature=* | flow=* | threaded=* | defer=* | wait=*)
                up="$up $word"
                case $word in device=*) rest="$rest $word" ;; esac ;;
            start=*) order="start $(echo "${word#*=}" | tr + ' ')" ;;
            *) rest="$rest $word" ;;
        esac
    done
}

# Tells the generator to start, if the words said so.
start_generator() {
    # shellcheck disable=SC2086  # words
    [ -z "$order" ] || net-control $order
}

# What the generator has counted, for who started it.
generator_stats() {
    [ -z "$order" ] || net-control stats || true
}
