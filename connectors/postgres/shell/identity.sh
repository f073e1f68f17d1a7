# Which port the server of this directory listens on. Changes nothing.
port=$(sed -n 4p "$D/postmaster.pid" 2>/dev/null)
tell port "$port"
