# `pg_ctl start` gives the server a session of its own, so that it outlives this command. The locale here is not to be
# the server's. Its log lies beside the data directory: inside, it would be in every backup.
start() {
    end_is_noted
    (unset LC_ALL; exec "$B/pg_ctl" -D "$D" -w -t "$WITHIN" -l "$D.log" start) </dev/null >/dev/null 2>&1 && return 0
    tail -n 3 "$D.log" >&2
    return 1
}
