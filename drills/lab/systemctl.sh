#!/bin/sh
# Stands in for systemd's systemctl on a lab's machine, which has no systemd: its words, its output and its exit codes
# for `show`, `start`, `stop`, `restart` and `enable`, over unit files in ~/units. It starts nothing by itself and starts
# nothing again; units with Type=forking and a PIDFile only; one job of a unit at a time.
# Held to the same suite as the real one: tests/connectors/test_systemd.py and test_real_systemd.py.
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
is() { # PID BEGAN: that process is there, and no other with its number
    now=$(began "$1")
    [ -n "$now" ] && [ "$now" = "$2" ]
}
runs() {
    pid=$(cat "$(said PIDFile)" 2>/dev/null) || return 1
    is "$pid" "$(cat "$state/$unit.began" 2>/dev/null)"
}
masked() { [ "$(readlink "$units/$unit")" = /dev/null ]; }
works() { # what the job of this unit does now, if there is one
    read -r does worker born 2>/dev/null <"$state/$unit.job" && is "$worker" "$born"
}
does() { printf '%s %s %s\n' "$1" $$ "$(began $$)" >"$state/$unit.job"; }
refuse() {
    printf 'Failed to %s %s: %s\n' "$verb" "$unit" "$1" >&2
    exit "$2"
}

start() {
    runs && return 0
    does activating
    rm -f "$state/$unit.failed" "$state/$unit.invocation"
    if ! sh -c "exec $(said ExecStart)" >"$state/$unit.log" 2>&1 </dev/null; then
        touch "$state/$unit.failed"
        return 1
    fi
    began "$(cat "$(said PIDFile)")" >"$state/$unit.began"
    tr -d - </proc/sys/kernel/random/uuid >"$state/$unit.invocation"
}

stop() {
    runs || return 0
    does deactivating
    patience=$(said TimeoutStopSec)
    end=$(($(date +%s) + ${patience:-90}))
    kill "$pid"
    while runs && [ "$(date +%s)" -le "$end" ]; do sleep 0.01; done
    if runs; then
        touch "$state/$unit.failed"
        kill -9 "$pid"
        while runs; do sleep 0.01; done
    fi
    rm -f "$state/$unit.invocation"
}

job() {
    # It is systemd's own: it goes on when whoever asked for it is ended.
    SYSTEMCTL_JOB=yes setsid "$0" "$verb" "$unit" </dev/null >/dev/null 2>&1 &
    wait $! && return 0
    printf 'Job for %s failed because the control process exited with error code.\n' "$unit" >&2
    printf 'See "systemctl status %s" and "journalctl -xeu %s" for details.\n' "$unit" "$unit" >&2
    exit 1
}

show() {
    load=loaded active=inactive sub=dead file=static invocation=''
    if [ ! -e "$units/$unit" ]; then
        load=not-found file=''
    elif masked; then
        load=masked file=masked
    elif works; then
        active=$does sub=start
        [ "$does" = activating ] || sub=stop-sigterm
    elif runs; then
        active=active sub=running invocation=$(cat "$state/$unit.invocation")
    elif [ -e "$state/$unit.failed" ]; then
        active=failed sub=failed
    fi
    [ "$file" = static ] && grep -qx '\[Install\]' "$units/$unit" && file=disabled
    [ "$load" = loaded ] && [ -e "$units/enabled/$unit" ] && file=enabled
    for pair in "LoadState=$load" "ActiveState=$active" "SubState=$sub" "UnitFileState=$file" "InvocationID=$invocation"; do
        case ",$properties," in *",${pair%%=*},"*) printf '%s\n' "$pair" ;; esac
    done
}

if [ "${SYSTEMCTL_JOB-}" = yes ]; then
    unset SYSTEMCTL_JOB
    case $verb in
        start) start ;;
        stop) stop ;;
        restart) stop; start ;;
    esac
    ended=$?
    rm -f "$state/$unit.job"
    exit $ended
fi
[ "$verb" = show ] || [ -e "$units/$unit" ] || refuse "Unit $unit not found." 5
case $verb in
    show) show ;;
    start | restart)
        masked && refuse "Unit $unit is masked." 1
        [ "$verb" = restart ] && [ "$(said RefuseManualStop)" = yes ] && refuse \
            "Operation refused, unit $unit may be requested by dependency only (it is configured to refuse manual start/stop)." 4
        job
        ;;
    stop)
        [ "$(said RefuseManualStop)" = yes ] && refuse \
            "Operation refused, unit $unit may be requested by dependency only (it is configured to refuse manual start/stop)." 4
        job
        ;;
    enable) mkdir -p "$units/enabled" && touch "$units/enabled/$unit" ;;
    *) printf 'Unknown command verb %s.\n' "$verb" >&2; exit 1 ;;
esac
