# A standby that follows nobody, and that nobody can reach but the account it runs as: to let it replay what its log
# holds, and to read it. A crashed server that is marked as a standby cannot be recovered in any other way.
start_quietly() {
    end_is_noted
    here=$(mktemp -d /tmp/seawall-XXXXXX) || return 1
    echo 'local all all trust' >"$here/hba"
    quiet="-c listen_addresses='' -c unix_socket_directories='$here' -c unix_socket_permissions=0700 -c port=5432"
    quiet="$quiet -c hba_file='$here/hba' -c primary_conninfo='' -c primary_slot_name='' -c restore_command=''"
    quiet="$quiet -c archive_mode=off -c hot_standby=on -c logging_collector=off -c recovery_target_timeline=current"
    (unset LC_ALL; exec "$B/pg_ctl" -D "$D" -w -t "$WITHIN" -l "$here/log" -o "$quiet" start) \
        </dev/null >/dev/null 2>&1 && return 0
    tail -n 3 "$here/log" >&2
    rm -rf "$here"
    return 1
}
# $1: as which role. The question comes over standard input.
ask_quietly() { "$B/psql" -XAtq -v ON_ERROR_STOP=1 -h "$here" -p 5432 -U "$1" -d "$DATABASE"; }
stop_quietly() { stop; rm -rf "$here"; }
