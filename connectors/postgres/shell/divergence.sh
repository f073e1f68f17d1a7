# What this server alone has. Changes nothing.
if alive; then
    case $state in *recovery*) tell standby yes; exit 0 ;; esac
    refuse 'it still runs as a primary'
fi
tell state "$state"
tell checkpoint "$checkpoint"
tell own "$own"
tell fork "$fork"
[ -n "$fork" ] || exit 0
words=$(mktemp) && trap 'rm -f "$words"' EXIT
count "$fork" "$words" ''
tell words "$(tail -n 1 "$words")"
