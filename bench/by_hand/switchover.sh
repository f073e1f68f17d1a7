#!/bin/bash
# A planned move by hand: checkpoint ahead, fast stop, promote, repoint, verify. As failover.sh, and no write is lost only
# because a fast stop waits for the standby to have received everything.
set -u
on_old() { ssh -F "$MACHINES" old "$@"; }
on_old "psql -h $OLD_SOCKET -p $OLD_PORT -U postgres -qc CHECKPOINT" || exit 1
on_old "touch $DATA/standby.signal && pg_ctl -D $DATA -m fast -w -t 10 stop >/dev/null" || exit 1
ssh -F "$MACHINES" new "psql -h $SOCKET -p $PORT -U postgres -d login -Atqc 'SELECT pg_promote(wait => false)' >/dev/null &&
    until psql -h $SOCKET -p $PORT -U postgres -d login -qc \"$WRITE\" 2>/dev/null; do sleep 0.002; done" || exit 1
exec 3<>"/dev/tcp/$RUNTIME"
echo "set server $BACKEND/$OUT state maint;shutdown sessions server $BACKEND/$OUT;set server $BACKEND/$IN state ready" >&3
cat <&3 >/dev/null
until curl -sf -o /dev/null --max-time 2 "http://$FRONT/healthz"; do sleep 0.005; done
