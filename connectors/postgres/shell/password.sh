# The first line of the input is the replicator's password. From here it is in the environment of what this runs: the
# environment of a process is its own account's to read, its command line is everybody's (proc(5)).
IFS= read -r PGPASSWORD || refuse 'no password came'
export PGPASSWORD
