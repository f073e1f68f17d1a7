# What every script may use. Set before: D (data directory), B (binaries), IDENTIFIER, CLUSTER.
# What is told, a name and a value a line, is read on the other side.
export LC_ALL=C
tell() { printf '%s\t%s\n' "$1" "$2"; }
differs() { tell differs "$1"; tell found "$2"; tell expected "$3"; exit 90; }
refuse() { tell refused "$1"; exit 91; }

# Read the control file, which needs no running server.
look() {
    control=$("$B/pg_controldata" -D "$D" 2>&1) || refuse "pg_controldata says: $control"
    while IFS= read -r line; do
        case $line in
        "Database system identifier:"*) identifier=${line##* } ;;
        "Database cluster state:"*) state=${line#*:}; state=${state#"${state%%[! ]*}"} ;;
        "Latest checkpoint location:"*) checkpoint=${line##* } ;;
        "Latest checkpoint's TimeLineID:"*) timeline=${line##* } ;;
        "Minimum recovery ending location:"*) recovered=${line##* } ;;
        "Min recovery ending loc's timeline:"*) recovered_timeline=${line##* } ;;
        "Bytes per WAL segment:"*) segment=${line##* } ;;
        "pg_control last modified:"*) modified=${line#*:}; modified=${modified#"${modified%%[! ]*}"} ;;
        esac
    done <<END
$control
END
}

# Whether any process of the server is there. They all work in its data directory; a zombie, or somebody else's process
# with the same number by now, does not.
alive() {
    for cwd in /proc/[0-9]*/cwd; do
        if [ "$cwd" -ef "$D" ]; then
            name=
            read -r name 2>/dev/null <"${cwd%cwd}comm"
            case $name in postgres*) return 0 ;; esac
        fi
    done
    return 1
}

# The right server or no command. `postgres -C` reads the configuration as the server would, with everything that it
# includes, and starts nothing.
compare() {
    [ -f "$D/PG_VERSION" ] || differs 'data directory' 'not there' "$D"
    look
    [ "$identifier" = "$IDENTIFIER" ] || differs 'system identifier' "$identifier" "$IDENTIFIER"
    # A rewind that broke off leaves the other server's configuration here, or half of it; its own is kept beside.
    configuration=$D
    if [ -d "$D.configuration" ]; then configuration=$D.configuration; fi
    name=$("$B/postgres" -C cluster_name -D "$configuration" 2>&1) || refuse "its configuration cannot be read: $name"
    [ "$name" = "$CLUSTER" ] || differs 'cluster name' "$name" "$CLUSTER"
}
