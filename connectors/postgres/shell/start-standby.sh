[ -f "$D/standby.signal" ] || refuse 'it is not marked as a standby, and would start as a primary'
if alive; then
    case $state in *recovery*) tell already yes; exit 0 ;; esac
    refuse 'it runs as a primary'
fi
start || exit 1
