# Start as the primary it was. Set before: TIMELINE, which its peer has come to. What was a standby when it stopped never was what a fence
# fenced. When the start fails, it is marked again.
[ "$timeline" -ge "$TIMELINE" ] || refuse "its peer came to timeline $TIMELINE, and it is on $timeline"
if alive; then
    case $state in *recovery*) differs role standby primary ;; esac
    rm -f "$D/standby.signal" && sync "$D"
    tell already yes
    exit 0
fi
case $state in "shut down" | "in production") ;; *) refuse "it was a standby when it stopped ($state)" ;; esac
[ -f "$D/standby.signal" ] || refuse 'it is not fenced: standby.signal is not there'
rm -f "$D/standby.signal" && sync "$D"
start && exit 0
mark
stop
exit 1
