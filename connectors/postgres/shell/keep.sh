# Stop a standby, never a primary; let a crashed server recover to the end of its own log; keep what it alone has.
# Set before: TIMELINE (the primary's), HISTORY, STAMP, ROLE, DATABASE, WITHIN.
# What was kept stands in a note beside the data directory until the server follows: whoever begins anew in between
# would not find it any more.
note=$D.rejoining-$TIMELINE
at() { echo $((0x${1%/*} * 4294967296 + 0x${1#*/})); }

# The name of the log file that holds a position (PostgreSQL 18 src/include/access/xlog_internal.h, XLogFileName).
file_of() {
    each=$((4294967296 / segment))
    number=$(($(at "$1") / segment))
    printf '%08X%08X%08X' "$own" $((number / each)) $((number % each))
}

# $1: the last record's position; without one, every file from where the two parted.
keep_log() {
    first=$(file_of "$fork")
    last=$(file_of "${1:-FFFFFF/0}")
    for file in "$D/pg_wal/$(printf '%08X' "$own")"????????????????; do
        if [ "${file##*/}" \< "$first" ] || [ "${file##*/}" \> "$last" ]; then continue; fi
        cp -p "$file" "$keep/wal/" || return 1
    done
}

name_of() {
    base=${1%/*}
    space=${1%%/*}
    ask_quietly "$owner" <<END
SELECT format('%I.%I', s.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace AS s ON s.oid = c.relnamespace, pg_database AS d
WHERE d.datname = current_database() AND d.oid = ${base#*/} AND c.relkind IN ('r', 'm')
  AND s.nspname NOT IN ('pg_catalog', 'seawall')
  AND c.oid = pg_filenode_relation(CASE WHEN d.dattablespace = $space THEN 0 ELSE $space END, ${1##*/})
END
}

# The rows as they are here, one JSON object a line, in a file a table.
keep_rows() {
    start_quietly || return 1
    owner=$(echo 'SELECT rolname FROM pg_roles WHERE rolsuper AND rolcanlogin ORDER BY oid LIMIT 1' | ask_quietly "$ROLE")
    owner=${owner:-$ROLE}
    for relation in $(cut -f 1 "$keep/places" | sort -u); do
        name=$(name_of "$relation") || return 1
        [ -n "$name" ] || continue
        {
            printf "SELECT to_jsonb(t) FROM ONLY %s AS t WHERE ctid = ANY ('{" "$name"
            awk -F '\t' -v one="$relation" '$1 == one { printf "%s\"%s\"", comma, $2; comma = "," }' "$keep/places"
            printf "}'::tid[])\n"
        } | ask_quietly "$owner" >"$keep/rows/$(printf %s "$name" | tr / _).jsonl" || return 1
    done
    rows=$(cat /dev/null "$keep/rows/"*.jsonl 2>/dev/null | wc -l)
    tell rows "$rows"
    stop_quietly
}

if alive; then
    case $state in *recovery*) ;; *) differs role primary standby ;; esac
fi
[ -n "$fork" ] || [ "$own" = "$TIMELINE" ] || refuse "the primary's history does not know its timeline $own; rebuild it"
mark || refuse 'standby.signal cannot be written'
stop
# What is on the primary's own timeline has nothing that the primary lacks: it was its standby, or it is rewound already.
# It is not started here: after a rewind its log ends only at the primary.
if [ "$own" = "$TIMELINE" ]; then
    if [ -f "$note" ]; then cat "$note"; fi
    exit 0
fi
look
case $state in "shut down"*) ;; *) start_quietly && stop_quietly && look || exit 1 ;; esac
tell fork "$fork"

umask 077
keep=$D.divergent-$STAMP
while [ -e "$keep" ]; do keep=$keep-again; done
rows=0
mkdir "$keep" "$keep/wal" "$keep/rows" || refuse "$keep cannot be made"
counts=$(count "$fork" "$keep/words" "$keep/places")
records=$(printf '%s\n' "$counts" | sed -n 's/^records.//p')
# Without a readable record after the two parted it has nothing of its own, unless it says itself that it went on.
if [ "$records" = 0 ] && [ "$(at "$checkpoint")" -lt "$(at "$fork")" ] && [ "$(at "$recovered")" -le "$(at "$fork")" ]; then
    rm -rf "$keep"
    exit 0
fi
printf '%s\n' "$counts"
tell kept "$keep"
"$B/pg_waldump" -p "$D/pg_wal" -t "$own" -s "$fork" >"$keep/records.txt" 2>/dev/null
keep_log "$(printf '%s\n' "$counts" | sed -n 's/^last.//p')" || exit 1
if [ -s "$keep/places" ]; then keep_rows || exit 1; fi
{
    tell kept-before "$keep"
    tell fork "$fork"
    printf '%s\n' "$counts"
    tell rows "$rows"
} >"$note"
sync "$keep" "$note"
