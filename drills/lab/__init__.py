"""The place where the product is tested: two sites and a witness on one machine, every server in it real.

`up.lab_up(folder)` builds it from what Python wheels bring: PostgreSQL with a streaming standby, an SSH server a host
with its own key, an S3 store a place, HAProxy, a DNS zone, mail, a Slack-shaped server, an out-of-band power switch and
a small login service. A simulated machine is a supervisor and everything that was ever started on it; its power is
off when not one of its programs is left. `faults` does the disasters, `status` looks, `up.lab_down` ends every program.

What is not real: all of it shares one kernel and one disk. A killed machine answers with a closed port, where a lost
one would be silent; `link` says what its cut is and is not. Linux only: it needs child subreapers and 127.0.0.0/8.
"""
