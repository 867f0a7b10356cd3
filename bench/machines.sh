# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154  # the variables of bench/run, which sources this
# The machines that bench/run measures, and how.

# QEMU 7.2's NVMe model loses an interrupt now and then; its driver looks for itself after a second,
# not after half a minute.
append="quiet cryptomgr.notests initcall_blacklist=jent_mod_init nvme_core.io_timeout=1"
firmware=$products/firmware/fw_dynamic.bin
ticks_per_second=$(getconf CLK_TCK)
machine=''

clean_up() {
    [ -z "$machine" ] || kill -9 "$machine" 2>/dev/null || true
    rm -rf "$work"
}

# One line that goes away, and only for who looks.
progress() {
    [ ! -t 2 ] || printf '\r\033[K%s' "$*" >&2
}

# The works as a job in the initramfs, and a drive: all machines get the same bytes. For the network
# in one of its own, with the drivers of all cards.
make_works() {
    make -s -C bench/programs "OUT=$work/job"
    make -s -C bench/programs "OUT=$work/native" native
    "$work/native/doorbell-bench" -m "$work/disk"
    # shellcheck disable=SC2016  # $@ is the job's
    printf '#!/bin/sh\nwait-for /dev/nvme0n1 5\nexec ./doorbell-bench "$@"\n' >"$work/job/run"
    chmod +x "$work/job/run"
    cp "$cache/initrd.cpio" "$work/initrd"
    (cd "$work" && find job | LC_ALL=C sort | cpio -o -H newc --quiet) >>"$work/initrd"
    [ -n "$net_words" ] || return 0
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nexec ./doorbell-bench-net "$@"\n' >"$work/job/run"
    cp "$cache/initrd-net.cpio" "$work/initrd-net"
    (cd "$work" && find job | LC_ALL=C sort | cpio -o -H newc --quiet) >>"$work/initrd-net"
}

# user_time PID: milliseconds of user CPU time up to now.
user_time() {
    local stat fields
    read -r stat <"/proc/$1/stat" || return 1
    read -ra fields <<<"${stat##*) }"
    echo $((fields[11] * 1000 / ticks_per_second))
}

# memory_of PID: kB of all its memory (a page that is mapped twice counts once), and of the guest's RAM.
memory_of() {
    awk '/^[0-9a-f]+-[0-9a-f]+ / { pss = 0; size = 0 }
         $1 == "Size:" { size = $2 }
         $1 == "Pss:" { all += $2; if (size >= 1048576) ram += $2 }
         END { print all, ram + 0 }' "/proc/$1/smaps"
}

# A machine that says nothing for so many seconds has stopped.
silence=180

# measure NAME COMMAND...: runs a machine until its job is over; its works go to $work/NAME.works,
# wall and user milliseconds to "guest ready" to $work/NAME.boot. Both files grow by every run.
measure() {
    local name=$1 began line fd last='' ready=no ended='' status=0
    shift
    progress "round ${round:-1} of $rounds: $name boots"
    began=${EPOCHREALTIME/./}
    exec {fd}< <(exec "$@" </dev/null 2>"$work/err")
    machine=$!
    while { IFS= read -r -t $silence line <&"$fd" || { status=$?; false; }; }; do
        line=${line%$'\r'}
        last=$line
        case $line in
            *"guest ready"*)
                echo "$(((${EPOCHREALTIME/./} - began) / 1000)) $(user_time "$machine")" \
                    >>"$work/$name.boot"
                ready=yes ;;
            *" wrong: "*) die "$name computes wrongly: $line" ;;
            *" skipped: "*) say "$name: $line" >&2 ;;
            "packets "*)
                echo "$line" >>"$work/$name.packets"
                progress "round ${round:-1} of $rounds: $name: ${line#* }" ;;
            "touched "*) memory_of "$machine" >"$work/memory" ;;
            *"job ended with status"*) ended=${line##* }; break ;;
            *)
                if [[ $line =~ ^[a-z0-9]+\ [0-9]+\ [0-9]+\ [0-9]+$ ]]; then
                    echo "$line" >>"$work/$name.works"
                    progress "round ${round:-1} of $rounds: $name: ${line%% *}"
                fi ;;
        esac
    done
    # Beyond 128: not the end of its output, but the end of our patience.
    [ $status -le 128 ] || die "$name has stopped after \"$last\"; $(tail -n 1 "$work/err")"
    if [[ $name =~ ^(qemu|icount|nic-.*)$ ]]; then
        # It has nothing more to say, and its way out may wait for the drive.
        kill -9 "$machine" 2>/dev/null || true
        wait "$machine" 2>/dev/null || true
    else
        while read -r -t $silence line <&"$fd" || { status=$?; false; }; do :; done
        [ $status -le 128 ] || die "$name does not end"
        wait "$machine" || die "$name ended with status $?: $(tail -n 1 "$work/err")"
    fi
    exec {fd}<&-
    machine=''
    [ $ready = yes ] || die "$name did not come to \"guest ready\": $(tail -n 1 "$work/err")"
    [ "$ended" = 0 ] || die "$name: the job ended with status ${ended:-unknown}"
}

# run_doorbell NAME WORDS [OPTION]...: also its marks, to $work/NAME.marks.
run_doorbell() {
    local name=$1 words=$2
    shift 2
    measure "$name" "$doorbell" run --kernel "$products/Image" --initrd "$work/initrd" \
        --firmware "$firmware" --memory 1G --quiet --nvme "$work/disk,readonly" \
        --append "$append doorbell.args=$words" --mark-times "$work/marks" \
        "${engine_words[@]}" "$@"
    cat "$work/marks" >>"$work/$name.marks"
}

# run_qemu NAME WORDS [OPTION]...  aia is not given: QEMU 7.2's stops at the console's take-over
# (guest/README.md).
run_qemu() {
    local name=$1 words=$2
    shift 2
    measure "$name" "$qemu" -machine virt -m 1G -no-reboot "$@" \
        -display none -serial stdio -monitor none -bios "$firmware" -kernel "$products/Image" \
        -initrd "$work/initrd" -append "$append doorbell.args=$words" \
        -drive "if=none,id=disk,file=$work/disk,format=raw,readonly=on" \
        -device nvme,drive=disk,serial=bench
}

# The network cards of this QEMU to compare with, to $work/nics: our name and its device. It hands
# their frames on by a socket, with feeder.c at its other end.
find_nics() {
    local name device
    while read -r name device; do
        # Its status says nothing.
        "$qemu" -machine virt -device "$device,help" >"$work/err" 2>&1 </dev/null || true
        ! grep -q "^$device options" "$work/err" || echo "$name $device" >>"$work/nics"
    done <<<'e1000e e1000e
igb igb
virtio virtio-net-pci'
    [ -s "$work/nics" ] || say "this QEMU has none of the network cards to compare with" >&2
}

# The generator sends what the guest orders. PAUSE frames do not hold it: what is too much, the card
# drops, at our expense. All repetitions are the same (within a per cent), so they may be short.
run_doorbell_net() {
    measure net "$doorbell" run --kernel "$products/Image" --initrd "$work/initrd-net" \
        --firmware "$firmware" --memory 1G --quiet --nic gen,start=control,pause=off \
        --append "$append doorbell.args=-s,1$1" --mark-times "$work/marks" "${engine_words[@]}"
    cat "$work/marks" >>"$work/net.marks"
}

# run_qemu_net NAME DEVICE WORDS  From 8 on with message-signalled interrupts, which a card on real
# hardware has, too; 7.2 has none that work (above).
run_qemu_net() {
    local virt=virt version
    version=$("$qemu" --version | sed -n '1s/^QEMU emulator version \([0-9]*\).*/\1/p')
    [ "${version:-0}" -lt 8 ] || virt=virt,aia=aplic-imsic
    measure "nic-$1" "$work/native/feeder" "$qemu" -machine $virt -m 1G -no-reboot \
        -display none -serial stdio -monitor none -bios "$firmware" -kernel "$products/Image" \
        -initrd "$work/initrd-net" -append "$append doorbell.args=1$3" \
        -netdev socket,id=wire,fd=3 -device "$2,netdev=wire,romfile="
}

run_native() {
    progress "round $round of $rounds: the host"
    "$work/native/doorbell-bench" 1 "$@" >>"$work/native.works" ||
        die "the host computes wrongly: $(grep wrong "$work/native.works")"
}
