# What was committed after two servers parted. Set before: HISTORY, `timeline position` a line; $timeline (look).
own=$timeline
if [ "${recovered_timeline:-0}" -gt "$own" ]; then own=$recovered_timeline; fi
fork=$(printf '%s\n' "$HISTORY" | awk -v own="$own" '$1 == own { print $2; exit }')

# $1: from which position. $2: the file for pg_waldump's own words. $3: the file for the places of rows that are there
# now, `table<TAB>(block,line)`; empty for none. What a transaction wrote is held until it is seen to commit.
count() {
    "$B/pg_waldump" -p "$D/pg_wal" -t "$own" -s "$1" 2>"$2" | awk -v places="$3" '
function after(text, mark) {
    sub(".*" mark "(\\+INIT)?:? ", "", text); sub(/[^0-9].*/, "", text)
    return text
}
function wrote(tx, rel, kind, blk, line) {
    kinds[tx] = kinds[tx] rel " " kind "\n"
    if (line != "") rows[tx] = rows[tx] rel "\t(" blk "," line ")\n"
}
function commit(tx,    n, i, each) {
    n = split(kinds[tx], each, "\n")
    for (i = 1; i < n; i++) total[each[i]]++
    if (places != "" && rows[tx] != "") printf "%s", rows[tx] >places
    delete kinds[tx]; delete rows[tx]
}
{
    records++
    lsn = $0; sub(/.*lsn: /, "", lsn); sub(/,.*/, "", lsn)
    size = $0; sub(/.*\(rec\/tot\): *[0-9]+\/ */, "", size); sub(/,.*/, "", size)
    tx = $0; sub(/.*tx: */, "", tx); sub(/,.*/, "", tx)
    desc = $0; sub(/.*desc: /, "", desc)
}
/^rmgr: Heap/ {
    rel = $0; sub(/.*blkref #0: rel /, "", rel)
    blk = rel; sub(/ .*/, "", rel)
    sub(/[^ ]* blk /, "", blk); sub(/[^0-9].*/, "", blk)
    if (desc ~ /^INSERT/) wrote(tx, rel, "inserted", blk, after(desc, "off"))
    else if (desc ~ /^(HOT_)?UPDATE/) wrote(tx, rel, "updated", blk, after(desc, desc ~ /new_off/ ? "new_off" : "new off"))
    else if (desc ~ /^DELETE/) wrote(tx, rel, "deleted", blk, "")
    else if (desc ~ /^MULTI_INSERT/) {
        # Since 16 it says "ntuples: 3" and, but for a new page, "offsets: [4, 5, 6]"; before, "3 tuples" and not where.
        n = after(desc, desc ~ /ntuples/ ? "ntuples" : "INSERT")
        listed = ""
        if (desc ~ /offsets: \[/) { listed = desc; sub(/.*offsets: \[/, "", listed); sub(/\].*/, "", listed) }
        split(listed, line, ", ")
        for (i = 1; i <= n; i++) wrote(tx, rel, "inserted", blk, listed != "" ? line[i] : (desc ~ /INIT/ ? i : ""))
    }
}
/^rmgr: Transaction/ && desc ~ /^COMMIT/ {
    commit(tx)
    if (desc ~ /subxacts:/) {
        sub(/.*subxacts: /, "", desc); sub(/;.*/, "", desc)
        m = split(desc, sub_tx, " ")
        for (i = 1; i <= m; i++) commit(sub_tx[i])
    }
}
END {
    print "records\t" records + 0
    if (records) { print "last\t" lsn; print "size\t" size }
    for (one in total) print "rows " one "\t" total[one]
}'
}
