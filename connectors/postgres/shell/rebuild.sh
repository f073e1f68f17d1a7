# What lies there is moved aside and kept; its own configuration goes with the new copy. Set before: STAMP.
if alive; then refuse 'it runs; stop it first (postgres.fence)'; fi
kept=
if [ -n "$(ls -A "$D" 2>/dev/null)" ]; then
    kept=$D.kept-$STAMP
    mv "$D" "$kept" || refuse "$D cannot be moved aside"
fi
tell kept "$kept"
slot || exit 1
"$B/pg_basebackup" -w -d "$source" -D "$D" -X stream -c fast ${SLOT:+-S "$SLOT"} || exit 1
mark || exit 1
for file in postgresql.conf postgresql.auto.conf pg_hba.conf pg_ident.conf; do
    for mine in "$D.configuration/$file" "$kept/$file"; do
        if [ -f "$mine" ]; then
            cp -p "$mine" "$D/$file" || exit 1
            break
        fi
    done
done
rm -rf "$D.configuration"
name=$("$B/postgres" -C cluster_name -D "$D") || exit 1
if [ "$name" != "$CLUSTER" ]; then
    echo "the copy calls itself $name, expected $CLUSTER: set cluster_name in this machine's own configuration" >&2
    exit 1
fi
follow || exit 1
start || exit 1
