# Read what varies: a name and a value a line, up to an empty one. What is not exactly of its kind is refused, for it may
# come from anybody who may run this. Then begin anew, inside the limit: with a second
# word, which sudo lets nobody say.
if [ "${2:-}" != inside ]; then
    HISTORY=
    while IFS=' ' read -r name value && [ -n "$name" ]; do
        case $name in
        TIMELINE | WITHIN) case $value in '' | *[!0-9]*) refuse "$name is no number" ;; esac ;;
        STAMP) case $value in '' | *[!0-9TZ]*) refuse 'STAMP is no time' ;; esac ;;
        LIMIT) case $value in '' | *[!0-9.]*) refuse 'LIMIT is no number' ;; esac ;;
        HISTORY) case $value in '' | *[!0-9A-F/\ ]*) refuse 'HISTORY is none' ;; esac ;;
        PEER) peer "$value" ;;
        # What whoever asks expects to be here: another server than this program is for is refused, and never touched.
        IDENTIFIER) [ "$value" = "$IDENTIFIER" ] || differs 'system identifier' "$IDENTIFIER" "$value" ;;
        CLUSTER) [ "$value" = "$CLUSTER" ] || differs 'cluster name' "$CLUSTER" "$value" ;;
        D) [ "$value" = "$D" ] || differs 'data directory' "$D" "$value" ;;
        *) refuse "there is nothing called $name" ;;
        esac
        case $name in
        TIMELINE) TIMELINE=$value ;;
        WITHIN) WITHIN=$value ;;
        STAMP) STAMP=$value ;;
        LIMIT) LIMIT=$value ;;
        PEER) PEER=$value ;;
        HISTORY) HISTORY=$(printf '%s\n%s' "$HISTORY" "$value") ;;
        esac
    done
    export TIMELINE WITHIN STAMP PEER HISTORY
    exec timeout -k 1 "${LIMIT:-20}" "$SELF" "$1" inside
fi
if [ -n "${PEER:-}" ]; then peer "$PEER"; fi
