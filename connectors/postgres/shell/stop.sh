# Stop fast, which is SIGINT to the postmaster, and wait until none of it is left. `pg_ctl stop` looks every 100 ms only.
stop() {
    pid=
    [ -f "$D/postmaster.pid" ] && read -r pid <"$D/postmaster.pid"
    if [ -n "$pid" ] && [ "/proc/$pid/cwd" -ef "$D" ]; then kill -INT "$pid"; fi
    while alive; do sleep 0.005; done
}

# From here on, whoever starts it starts a standby; also after a power cut.
mark() { : >"$D/standby.signal" && sync "$D/standby.signal" "$D"; }
