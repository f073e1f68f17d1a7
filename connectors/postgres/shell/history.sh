# A primary's history: where each earlier timeline was left. Set before: TIMELINE, the one it writes on.
history=$D/pg_wal/$(printf '%08X' "$TIMELINE").history
[ "$TIMELINE" = 1 ] || [ -f "$history" ] || refuse "the history of timeline $TIMELINE is not in its pg_wal"
if [ -f "$history" ]; then
    while read -r parent at _; do
        case $parent in [0-9]*) tell "parted $parent" "$at" ;; esac
    done <"$history"
fi
