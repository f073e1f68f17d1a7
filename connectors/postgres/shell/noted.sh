# PostgreSQL takes a server that was killed for one that runs until somebody has taken note of its end: whoever started
# it, or init. That may take a moment on a busy machine; whoever runs this has a limit.
end_is_noted() {
    pid=
    [ -f "$D/postmaster.pid" ] && read -r pid <"$D/postmaster.pid"
    while [ -n "$pid" ] && read -r stat 2>/dev/null <"/proc/$pid/stat"; do
        case ${stat##*) } in Z*) ;; *) return 0 ;; esac
        sleep 0.02
    done
}
