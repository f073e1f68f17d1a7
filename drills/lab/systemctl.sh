#!/bin/sh
# Stands in for systemd's systemctl on a lab's machine, which has no systemd: its words, its output and its exit codes
# for `show`, `start`, `stop`, `restart` and `enable`, over unit files in ~/units. It starts nothing by itself and starts
# nothing again; units with Type=forking and a PIDFile only.
# Source: systemctl(1), systemd.service(5) of systemd 252; exit codes 0, 1 and 5 as it gives them.
set -u
units=$HOME/units state=$HOME/run
verb='' unit='' properties=''
for word; do
    case $word in
        --property=*) properties=${word#--property=} ;;
        --*) ;;
        *) if [ -z "$verb" ]; then verb=$word; else unit=$word; fi ;;
    esac
done

said() { sed -n "s/^$1=//p" "$units/$unit" | head -n 1; }
began() { cut -d ' ' -f 22 "/proc/$1/stat" 2>/dev/null; }
runs() {
    pid=$(cat "$(said PIDFile)" 2>/dev/null) || return 1
    now=$(began "$pid")
    [ -n "$now" ] && [ "$now" = "$(cat "$state/$unit.began" 2>/dev/null)" ]
}

start() {
    runs && return 0
    rm -f "$state/$unit.failed" "$state/$unit.invocation"
    if ! sh -c "exec $(said ExecStart)" >"$state/$unit.log" 2>&1 </dev/null; then
        touch "$state/$unit.failed"
        printf 'Job for %s failed because the control process exited with error code.\n' "$unit" >&2
        exit 1
    fi
    began "$(cat "$(said PIDFile)")" >"$state/$unit.began"
    tr -d - </proc/sys/kernel/random/uuid >"$state/$unit.invocation"
}

stop() {
    if runs; then
        kill "$pid"
        tries=0
        while runs && [ $((tries += 1)) -lt 500 ]; do sleep 0.01; done
        runs && kill -9 "$pid"
    fi
    rm -f "$state/$unit.invocation" "$state/$unit.failed"
}

show() {
    load=loaded active=inactive sub=dead file=disabled invocation=''
    if [ ! -f "$units/$unit" ]; then
        load=not-found file=''
    elif runs; then
        active=active sub=running invocation=$(cat "$state/$unit.invocation")
    elif [ -e "$state/$unit.failed" ]; then
        active=failed sub=failed
    fi
    [ -e "$units/$unit" ] && [ -e "$units/enabled/$unit" ] && file=enabled
    for pair in "LoadState=$load" "ActiveState=$active" "SubState=$sub" "UnitFileState=$file" "InvocationID=$invocation"; do
        case ",$properties," in *",${pair%%=*},"*) printf '%s\n' "$pair" ;; esac
    done
}

if [ "$verb" != show ] && [ ! -f "$units/$unit" ]; then
    printf 'Failed to %s %s: Unit %s not found.\n' "$verb" "$unit" "$unit" >&2
    exit 5
fi
case $verb in
    show) show ;;
    start) start ;;
    stop) stop ;;
    restart) stop; start ;;
    enable) mkdir -p "$units/enabled" && touch "$units/enabled/$unit" ;;
    *) printf 'Unknown command verb %s.\n' "$verb" >&2; exit 1 ;;
esac
