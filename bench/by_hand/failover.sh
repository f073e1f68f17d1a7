#!/bin/bash
# What an operator would have in a file: fence, promote, repoint, verify. Connections to both machines are open already
# (ControlMaster). `machines` is an ssh_config, `redfish` a curl configuration with the login; the rest is environment.
#
# With PLACES it does what a careful one would: nobody else moves the service at the same time, and what it is about to
# change stands at two of three places before it does. (What it is going to do, this file, is there already.) Each of
# PLACES is a curl configuration with its keys, =, its address.
set -u
fenced=

# Put an object where none is, at all three; go on when two have it.
keep() {
    [ -n "${PLACES:-}" ] || return 0
    local there=0 place
    for place in $PLACES; do
        curl -sf -o /dev/null --max-time 2 -K "${place%%=*}" -H 'If-None-Match: *' -X PUT -d "$2" "${place#*=}/by-hand/$RUN/$1" &
    done
    for place in $PLACES; do
        wait -n && ((++there == 2)) && return 0
    done
    echo "two of the three places must answer" >&2
    exit 1
}
keep claim "$(id -un) moves $BACKEND to $IN"

keep 1 "fence $OUT"
# Stopped: marked as a standby first, so that a restart makes no second primary.
on_old() { ssh -F "$MACHINES" old "$@"; }
if on_old "touch $DATA/standby.signal && { pg_ctl -D $DATA -m fast -w -t 10 stop >/dev/null || ! pg_ctl -D $DATA status >/dev/null; }" 2>/dev/null; then
    fenced=stopped
elif [ -n "${REDFISH_URL:-}" ]; then
    # Powered off: the very machine, by its UUID.
    state=$(curl -sf --max-time 5 -K "$REDFISH" "$REDFISH_URL") || exit 1
    [[ $state == *"\"UUID\": \"$UUID\""* ]] || exit 1
    if [[ $state != *'"PowerState": "Off"'* ]]; then
        curl -sf --max-time 5 -K "$REDFISH" -H 'Content-Type: application/json' -d '{"ResetType": "ForceOff"}' \
            "$REDFISH_URL/Actions/ComputerSystem.Reset" || exit 1
        until [[ $state == *'"PowerState": "Off"'* ]]; do
            sleep 0.02
            state=$(curl -sf --max-time 5 -K "$REDFISH" "$REDFISH_URL")
        done
    fi
    fenced=powered-off
fi
[ -n "$fenced" ] || exit 1

keep lease "revoked: $OUT is $fenced"
keep 2 "promote $IN: $OUT is $fenced"
# Without waiting for pg_promote, which looks every 100 ms; a write is tried until one is accepted.
ssh -F "$MACHINES" new "psql -h $SOCKET -p $PORT -U postgres -d login -Atqc 'SELECT pg_promote(wait => false)' >/dev/null &&
    until psql -h $SOCKET -p $PORT -U postgres -d login -qc \"$WRITE\" 2>/dev/null; do sleep 0.002; done" || exit 1

keep 3 "repoint $BACKEND to $IN"
exec 3<>"/dev/tcp/$RUNTIME"
echo "set server $BACKEND/$OUT state maint;shutdown sessions server $BACKEND/$OUT;set server $BACKEND/$IN state ready" >&3
cat <&3 >/dev/null

until curl -sf -o /dev/null --max-time 2 "http://$FRONT/healthz"; do sleep 0.005; done
echo "$fenced"
