# Whom a standby follows. What the configuration says already, wherever it says so, is left alone.
# Set before: HOST, PORT, REPLICATOR, DATABASE, SLOT (empty for none), and PGPASSWORD.
setting() { "$B/postgres" -C "$1" -D "$D" 2>/dev/null; }
quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/'/''/g")"; }

follows_already() {
    conninfo=" $(setting primary_conninfo) "
    case $conninfo in *" host=$HOST "*) ;; *) return 1 ;; esac
    case $conninfo in *" port=$PORT "*) ;; *) return 1 ;; esac
    [ "$(setting primary_slot_name)" = "$SLOT" ]
}

follow() {
    if follows_already; then return 0; fi
    password=$(printf %s "$PGPASSWORD" | sed 's/[\\:]/\\&/g')
    (umask 077; printf '*:*:*:%s:%s\n' "$REPLICATOR" "$password" >"$D.pgpass") || return 1
    conninfo="host=$HOST port=$PORT user=$REPLICATOR passfile='$D.pgpass' application_name=$CLUSTER"
    auto=$D/postgresql.auto.conf
    touch "$auto"
    grep -v -e '^primary_conninfo *=' -e '^primary_slot_name *=' "$auto" >"$auto.new"
    echo "primary_conninfo = $(quoted "$conninfo")" >>"$auto.new"
    echo "primary_slot_name = $(quoted "$SLOT")" >>"$auto.new"
    sync "$auto.new" && mv "$auto.new" "$auto"
}

source="host=$HOST port=$PORT user=$REPLICATOR dbname=$DATABASE connect_timeout=10"
slot() { [ -z "$SLOT" ] || "$B/pg_receivewal" -w -d "$source" -S "$SLOT" --create-slot --if-not-exists; }
