"""What a whole city must let Seawall do, written the way each place takes it: sudoers, SQL, firewall rules, policies.

`gathered` puts the needs of every action in use together, by place · `seen` tells by reading which of them are there ·
`sudoers`, `sql`, `ports`, `policies` write them as files.
"""
