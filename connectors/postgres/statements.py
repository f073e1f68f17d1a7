"""Every statement that is ever sent to a server, by name. None has input in its text; input is bound to it."""

from __future__ import annotations

WHO = """SELECT (SELECT system_identifier FROM pg_control_system()) AS identifier,
 current_setting('cluster_name') AS name, current_setting('data_directory') AS directory,
 current_setting('port') AS port, pg_is_in_recovery() AS in_recovery,
 extract(epoch FROM clock_timestamp()) AS now"""

_TIMELINE = "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int"
_CAME_TO = """greatest((SELECT timeline_id FROM pg_control_checkpoint()),
 (SELECT min_recovery_end_timeline FROM pg_control_recovery()), (SELECT received_tli FROM pg_stat_wal_receiver))"""
"""A standby's timeline, or one before it: nothing tells which one it replays while it receives nothing."""
_RETRY = "(SELECT setting FROM pg_settings WHERE name = 'wal_retrieve_retry_interval')"

TIMELINE = f"SELECT {_TIMELINE}"
"""The timeline a primary writes on; after a promotion pg_control_checkpoint() tells it later."""

BACKEND = "SELECT pg_backend_pid()"
WRITTEN = "SELECT pg_current_wal_lsn()"
IN_RECOVERY = "SELECT pg_is_in_recovery()"
CHECKPOINT = "CHECKPOINT"
READ_ONLY = "SHOW default_transaction_read_only"
BEGIN_WRITING = "BEGIN; SELECT pg_current_xact_id(); ROLLBACK"
ROLLBACK = "ROLLBACK"

STATE = f"""SELECT pg_is_in_recovery(),
 CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
 CASE WHEN pg_is_in_recovery() THEN {_CAME_TO} ELSE {_TIMELINE} END,
 current_setting('server_version'), {_RETRY}"""

STANDBY = f"""SELECT pg_is_in_recovery(), r.pid IS NOT NULL AND r.status = 'streaming',
 coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), pg_last_wal_replay_lsn(), r.latest_end_lsn,
 extract(epoch FROM clock_timestamp() - r.last_msg_receipt_time), {_RETRY}
FROM (SELECT 1) AS one LEFT JOIN pg_stat_wal_receiver AS r ON true"""  # noqa: S608
"""A standby that has received nothing since it started has what it has replayed."""

PROBE = """INSERT INTO seawall.probe (one, at) VALUES (true, clock_timestamp())
 ON CONFLICT (one) DO UPDATE SET at = excluded.at RETURNING extract(epoch FROM at)"""
MAKE_SCHEMA = "CREATE SCHEMA seawall"
MAKE_PROBE = "CREATE TABLE seawall.probe (one boolean PRIMARY KEY CHECK (one), at timestamptz NOT NULL)"

PROMOTE = f"""SELECT CASE WHEN identifier::text = $1 AND name = $2 AND directory = $3 AND port = $4 AND in_recovery
 AND now < $5::numeric THEN pg_promote(wait => false) END FROM ({WHO} OFFSET 0) AS who"""  # noqa: S608
"""Compares and acts in one. OFFSET 0 keeps the planner out of the subquery, CASE keeps pg_promote from being called."""

FORK = f"SELECT pg_current_wal_lsn(), pg_last_wal_replay_lsn(), {_TIMELINE}"

SETTLES = f"SELECT {_RETRY}, pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()"
"""The startup process may sleep so long before it sees a request, and first replays what was received."""

OTHERS = """SELECT count(*) FROM pg_stat_activity
 WHERE application_name LIKE 'seawall %' AND application_name <> current_setting('application_name')"""
"""Sessions of other processes of ours. What a process that died had sent is done when its sessions are gone."""

PEER = f"SELECT pg_is_in_recovery(), {_CAME_TO}"

RECEIVING = "SELECT status FROM pg_stat_wal_receiver"
SENDING_TO = "SELECT 1 FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'"
STANDBYS = """SELECT coalesce(application_name, ''), state, pg_current_wal_lsn() - replay_lsn
 FROM pg_stat_replication WHERE application_name <> 'pg_basebackup'"""

NAMES = """SELECT node, format('%I.%I', s.nspname, c.relname) FROM (SELECT node, pg_filenode_relation(
 CASE WHEN space::oid = d.dattablespace THEN 0 ELSE space::oid END, node::oid) AS relation
 FROM pg_database AS d, (SELECT split_part(one, '/', 1) AS space, split_part(one, '/', 2) AS base,
  split_part(one, '/', 3) AS node FROM unnest(string_to_array($1, ' ')) AS one) AS wanted
 WHERE d.datname = current_database() AND wanted.base::oid = d.oid) AS found
 JOIN pg_class AS c ON c.oid = relation JOIN pg_namespace AS s ON s.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm') AND s.nspname NOT IN ('pg_catalog', 'seawall')"""
"""What the tables are called that the log calls `space/database/node`."""

ROLE = "SELECT FROM pg_roles WHERE rolname = $1"

SETTINGS = f"""SELECT {_RETRY},
 current_setting('wal_log_hints') = 'on' OR current_setting('data_checksums') = 'on',
 current_setting('synchronous_standby_names'), current_setting('full_page_writes')"""
