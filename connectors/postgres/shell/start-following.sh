if alive; then refuse 'it was started by somebody else'; fi
mark || refuse 'standby.signal cannot be written'
slot || exit 1
follow || exit 1
start || exit 1
rm -f "$D.rejoining-"*
