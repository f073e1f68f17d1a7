# How it lies there. Changes nothing.
tell state "$state"
tell checkpoint "$checkpoint"
tell modified "$modified"
if alive; then tell running yes; else tell running no; fi
if [ -f "$D/standby.signal" ]; then tell signal yes; else tell signal no; fi
# A rewind keeps this server's own configuration beside it, and puts it back when it is over.
if [ -d "$D.configuration" ]; then tell rewinding yes; else tell rewinding no; fi
