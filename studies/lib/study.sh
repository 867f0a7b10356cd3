# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154  # the variables of studies/run, which sources this
# What a study is, and how one is run.
#
# studies/NAME/study is shell text that sets
#     title      the figure's, and the study's in the list
#     question   a sentence or two: what is asked, and how
#     columns    of its data, by their names in studies/lib/columns
#     needs      programs of the guest that it uses (optional)
# and has a function `machines`, which calls
#     machine SERIES [OPTION]... <<PLAN
# for each machine to boot: doorbell's options beside the common ones, and what the guest is to do, in the
# words of studies/job/guest.sh. Each `point` of the plan becomes a line of data; a study may have a
# function `rows SERIES` that makes them otherwise.
# studies/NAME/figure.gp draws them, studies/NAME/says.awk makes sentences of them.

# What shortens the boot (guest/README.md), and nothing more than errors on the console.
study_append="quiet cryptomgr.notests initcall_blacklist=jent_mod_init"

study_names() {
    local file
    for file in "$root"/studies/*/study; do
        file=${file%/study}
        echo "${file##*/}"
    done
}

study_list() {
    local name title question
    for name in $(study_names); do
        # shellcheck source=/dev/null
        (. "$root/studies/$name/study" && printf '%-16s %s\n' "$name" "$title")
    done
}

study_clean_up() {
    local pid
    for pid in $(jobs -p); do
        kill "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}

# One line that goes away, and only for who looks.
study_progress() {
    [ ! -t 2 ] || printf '\r\033[K%s' "$*" >&2
}

# machine SERIES [OPTION]...: its plan is on standard input.
machine() {
    local series=$1 dir=$work/$name/$1
    shift
    mkdir -p "$dir/job"
    cp "$root"/studies/job/* "$work"/programs/* "$dir/job/"
    {
        echo "series=$series"
        cat
    } >"$dir/job/plan"
    printf '%s\n' "$@" >"$dir/options"
    # It may run behind a pipe: a variable would be lost.
    echo "$series" >>"$work/$name.series"
}

# boot SERIES: runs one of them to its end.
study_boot() {
    local dir=$work/$name/$1 options=() status=0
    mapfile -t options <"$dir/options"
    [ "${options[*]}" != '' ] || options=()
    "$doorbell" run --kernel "$products/Image" --initrd "$cache/initrd-net.cpio" --job "$dir/job" \
        --append "$study_append" --max-time 600s --quiet --console "$dir/console" \
        --mark-times "$dir/marks" "${options[@]}" "${sets[@]}" </dev/null 2>"$dir/err" || status=$?
    echo "$status" >"$dir/status"
}

# The same as text, for who wants to do it by hand.
study_command() {
    local dir=$work/$name/$1 option text='doorbell run --kernel Image --initrd initrd-net.cpio'
    text+=" --job ${1} --append \"$study_append\" --mark-times marks"
    while read -r option; do
        [[ $option != *' '* ]] || option="\"$option\""
        [ -z "$option" ] || text+=" $option"
    done <"$dir/options"
    for option in "${sets[@]}"; do text+=" $option"; done
    echo "${text//"$dir/"/}" # files of its own folder by their names
}

# How far all machines of this study are, from what their consoles say of each point.
study_watch() {
    local series done=0
    for series in "${series_all[@]}"; do
        [ -e "$work/$name/$series/console" ] || continue
        done=$((done + $(grep -ac '^point' "$work/$name/$series/console" || true)))
    done
    study_progress "$name: $done points measured, of ${#series_all[@]} machines"
}

study_machines() {
    local series running=0 dir
    for series in "${series_all[@]}"; do
        if [ "$running" -ge "$jobs" ]; then
            study_wait
            running=$((running - 1))
        fi
        study_boot "$series" &
        running=$((running + 1))
    done
    while [ "$running" -gt 0 ]; do
        study_wait
        running=$((running - 1))
    done
    study_progress ''
    for series in "${series_all[@]}"; do
        dir=$work/$name/$series
        [ "$(cat "$dir/status")" = 0 ] && continue
        mkdir -p "$out/$name.raw"
        cp -r "$work/$name/." "$out/$name.raw/"
        die "$name: machine $series ended with status $(cat "$dir/status"):" \
            "$(cat "$dir/err" "$dir/console" 2>/dev/null | tr -d '\r' | grep -a . | tail -n 2 | tr '\n' ' ')" \
            "(all of it is in $out/$name.raw)"
    done
}

# Until one of the machines has ended; says meanwhile how far they are.
study_wait() {
    local ticker=''
    if [ -t 2 ]; then
        while :; do study_watch; sleep 1; done &
        ticker=$!
        disown "$ticker"
    fi
    # A machine's own status is in its folder.
    wait -n || true
    [ -z "$ticker" ] || kill "$ticker" 2>/dev/null || true
}

study_versions() {
    "$doorbell" --version | head -n 1
    echo "guest Linux $(cat "$products/release"), ixgbe as Debian ships it"
    [ "$quick" = no ] || echo "with --quick: fewer and shorter points"
}

study_run() {
    local name=$1 series title='' question='' columns='' series_all=()
    unset -f rows
    local here=$root/studies/$name data
    data=$out/$name
    # shellcheck source=/dev/null
    . "$here/study"
    # Written over several lines there.
    question=${question//$'\n'/ }
    columns=${columns//$'\n'/ }
    mkdir -p "$work/$name"
    if [ "$redraw" = no ]; then
        machines
        mapfile -t series_all <"$work/$name.series"
        study_machines
        {
            echo "$columns" | xargs | tr ' ' ','
            for series in "${series_all[@]}"; do
                if declare -F rows >/dev/null; then
                    rows "$series" || exit 1
                    continue
                fi
                awk -v wanted="$columns" -v series="$series" -v marks="$work/$name/$series/marks" \
                    -f "$root/studies/lib/collect.awk" "$work/$name/$series/console"
            done
        } >"$work/$name.csv" || die "$name: the data are not as expected (--keep keeps them)"
        mv "$work/$name.csv" "$data.csv"
        study_versions >"$work/$name.versions"
        for series in "${series_all[@]}"; do
            study_command "$series"
        done >"$work/$name.commands"
        if [ "$keep" = yes ]; then
            rm -rf "$data.raw"
            cp -r "$work/$name" "$data.raw"
        fi
    elif [ -s "$data.csv" ]; then
        : >"$work/$name.versions"
        : >"$work/$name.commands"
    else
        die "no $data.csv to draw"
    fi
    [ "$figure" = no ] || study_draw
    study_write
    [ "$json" = no ] || cat "$data.json"
    echo "$data.csv${figure_made:+, .svg, .png}" >&2
}

# Both from one description; the figures of gnuplot are the same bytes each time.
study_draw() {
    local kind
    for kind in svg png; do
        (cd "$here" && LC_ALL=C.UTF-8 gnuplot -e "kind='$kind'; data='$data.csv'; style='$root/studies/lib/style.gp'; title_text='${title//\'/\'\'}'" \
            figure.gp >"$work/figure" 2>"$work/gnuplot.err") ||
            die "$name: gnuplot: $(grep . "$work/gnuplot.err" | tail -n 1)"
        mv "$work/figure" "$data.$kind"
    done
    figure_made=yes
}

# The page and the JSON: of --redraw, only the figure is new.
study_write() {
    awk -f "$root/studies/lib/csv.awk" -f "$here/says.awk" "$data.csv" >"$work/$name.says" ||
        die "$name: no sentences from the data"
    [ "$redraw" = no ] || return 0
    awk -v name="$name" -v title="$title" -v question="$question" -v work="$work/$name" -v form=md \
        -f "$root/studies/lib/page.awk" "$root/studies/lib/columns" "$data.csv" >"$data.md"
    awk -v name="$name" -v title="$title" -v question="$question" -v work="$work/$name" -v form=json \
        -f "$root/studies/lib/page.awk" "$root/studies/lib/columns" "$data.csv" >"$data.json"
}
