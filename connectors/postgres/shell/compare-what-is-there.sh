# Where there is no server at all, there is nothing to compare and nothing to spoil.
[ -z "$(ls -A "$D" 2>/dev/null)" ] || compare
