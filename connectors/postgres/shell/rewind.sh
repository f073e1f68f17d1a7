# pg_rewind copies the other server's configuration over this one's, and removes standby.signal: both are put back.
if alive; then refuse 'it was started by somebody else'; fi
mine=$D.configuration
[ -d "$mine" ] || mkdir -m 0700 "$mine" || refuse "$mine cannot be made"
for file in postgresql.conf postgresql.auto.conf pg_hba.conf pg_ident.conf; do
    # What an interrupted rewind kept is this server's own; what lies there now may not be.
    if [ -f "$D/$file" ] && [ ! -f "$mine/$file" ]; then cp -p "$D/$file" "$mine/$file" || exit 1; fi
done
slot || exit 1
"$B/pg_rewind" -D "$D" --source-server="$source" || exit 1
mark || exit 1
cp -p "$mine"/* "$D/" && rm -rf "$mine" || exit 1
