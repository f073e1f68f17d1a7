# Marked first, stopped then: at no moment would a restart by somebody else make a primary. A standby is not fenced.
case $state in "in archive recovery") if alive; then differs role standby primary; fi ;; esac
mark || refuse 'standby.signal cannot be written'
stop
look
tell state "$state"
tell checkpoint "$checkpoint"
tell modified "$modified"
