"""What a person does by hand in place of each action, for the paper twin of a plan. A test sees that none is forgotten.

Said as far as an action can say it: `{server.port}` stands for what the step's arguments hold, and words between
backticks are typed as they stand. Where a command names nobody's machine it is typed on any that reaches the target.

Sources, read 2026-11: PostgreSQL 18's reference (pg_ctl, pg_rewind, pg_basebackup, pg_controldata); HAProxy 2.8's
management guide, 9.3 (`set server`, `shutdown sessions server`, `show servers state`); BIND's nsupdate(1).
"""

from __future__ import annotations

from collections.abc import Mapping

from seawall.model import Text

_PSQL = "psql -h {server.host.address} -p {server.port} -U {server.user} -d {server.database}"
_RECEIVER = 'c "select status, sender_host from pg_stat_wal_receiver"'
_CTL = "{server.binaries}/pg_ctl -D {server.data_directory}"
_ON = "On {server.host.name}, as the account that PostgreSQL runs as: "
_PAA = "På {server.host.name}, som den konto PostgreSQL kører under: "
_UNIT = "On {unit.host.name}: "
_UNIT_DA = "På {unit.host.name}: "
_NC = "| nc {balancer.runtime.address} {balancer.runtime.port}"
_S3 = "aws --endpoint-url {store.url} s3api"


def _said(en: str, da: str) -> Text:
    return Text(en=en, da=da)


def _same(words: str) -> Text:
    return Text(en=words, da=words)


_POSTGRES = {
    "postgres.state": _same(f'`{_PSQL} -c "select pg_is_in_recovery()"`'),
    "postgres.standby-state": _said(
        f'`{_PSQL} -c "select pg_is_in_recovery(), now() - pg_last_xact_replay_timestamp()"`: it must say t; write down'
        " how old the last change is.",
        f'`{_PSQL} -c "select pg_is_in_recovery(), now() - pg_last_xact_replay_timestamp()"`: der skal stå t; skriv'
        " ned, hvor gammel den seneste ændring er.",
    ),
    "postgres.missing-wal": _said(
        f'`{_PSQL} -c "select pg_last_wal_replay_lsn()"`: it must not lie before what the old primary wrote last'
        " (`pg_controldata`, latest checkpoint location, there).",
        f'`{_PSQL} -c "select pg_last_wal_replay_lsn()"`: den må ikke ligge før det, den gamle primære skrev sidst'
        " (`pg_controldata`, latest checkpoint location, dér).",
    ),
    "postgres.divergence": _said(
        "By hand it cannot be told row by row. Keep the old server's files as they are until a machine has compared.",
        "I hånden kan det ikke ses række for række. Lad den gamle servers filer stå, til en maskine har sammenlignet.",
    ),
    "postgres.accepts-writes": _said(
        f'`{_PSQL} -c "begin; create temp table seawall_by_hand(); rollback"`: it must not complain.',
        f'`{_PSQL} -c "begin; create temp table seawall_by_hand(); rollback"`: den må ikke klage.',
    ),
    "postgres.is-fenced": _said(
        f"{_ON}`{_CTL} status` says that no server runs, and `ls {{server.data_directory}}/standby.signal` that it is"
        " marked; or the machine has no power.",
        f"{_PAA}`{_CTL} status` siger, at ingen server kører, og `ls {{server.data_directory}}/standby.signal`, at den"
        " er mærket; eller maskinen er uden strøm.",
    ),
    "postgres.is-primary": _said(
        f'`{_PSQL} -c "select pg_is_in_recovery()"`: it must say f.',
        f'`{_PSQL} -c "select pg_is_in_recovery()"`: der skal stå f.',
    ),
    "postgres.is-standby-of": _said(
        f"`{_PSQL} -{_RECEIVER}`: streaming, from {{primary.host.name}}.",
        f"`{_PSQL} -{_RECEIVER}`: streaming, fra {{primary.host.name}}.",
    ),
    "postgres.checkpoint": _same(f'`{_PSQL} -c "checkpoint"`'),
    "postgres.write-probe": _said(
        f'`{_PSQL} -c "create temp table seawall_by_hand as select 1"`: it must not complain.',
        f'`{_PSQL} -c "create temp table seawall_by_hand as select 1"`: den må ikke klage.',
    ),
    "postgres.fence": _said(
        f"{_ON}`touch {{server.data_directory}}/standby.signal`, then `{_CTL} -m fast -w stop`, in this order: should"
        f" anybody start it in between, it is a standby. `{_CTL} status` must say that no server runs. If the"
        " machine cannot be reached, have its power taken: {server.host.power.url}, {server.host.power.system} (UUID"
        " {server.host.power.uuid}), or pull every cable of {server.host.hostname}. That it does not answer is no"
        " fence.",
        f"{_PAA}`touch {{server.data_directory}}/standby.signal`, så `{_CTL} -m fast -w stop`, i den rækkefølge: så er"
        f" den en reserve, hvis nogen starter den imens. `{_CTL} status` skal sige, at ingen server kører. Kan"
        " maskinen ikke nås, så få taget strømmen fra den: {server.host.power.url}, {server.host.power.system} (UUID"
        " {server.host.power.uuid}), eller træk alle kabler i {server.host.hostname}. At den ikke svarer, er ingen"
        " spærring.",
    ),
    "postgres.promote": _said(
        f"Only when the old primary is fenced, seen and written above. {_ON}`{_CTL} -w promote`; then `{_PSQL} -c"
        ' "select pg_is_in_recovery()"` must say f.',
        f"Kun når den gamle primære er spærret, set og skrevet ovenfor. {_PAA}`{_CTL} -w promote`; så skal `{_PSQL} -c"
        ' "select pg_is_in_recovery()"` sige f.',
    ),
    "postgres.unfence": _said(
        "Only when its peer {peer.host.name} is seen to be a standby still. "
        f"{_ON}`rm {{server.data_directory}}/standby.signal`, then `{_CTL} -w start`.",
        "Kun når dens makker {peer.host.name} ses stadig at være reserve. "
        f"{_PAA}`rm {{server.data_directory}}/standby.signal`, så `{_CTL} -w start`.",
    ),
    "postgres.start": _said(
        f"{_ON}see that `{{server.data_directory}}/standby.signal` is there; then `{_CTL} -w start`.",
        f"{_PAA}se, at `{{server.data_directory}}/standby.signal` er der; så `{_CTL} -w start`.",
    ),
    "postgres.rejoin": _said(
        f"{_ON}with the server stopped and its files copied aside: `{{server.binaries}}/pg_rewind --target-pgdata"
        " {server.data_directory} --write-recovery-conf --source-server 'host={primary.host.address}"
        f" port={{primary.port}} user={{primary.replicator}} dbname={{primary.database}}'`, then `{_CTL} -w start`.",
        f"{_PAA}når serveren er standset og filerne kopieret til side: `{{server.binaries}}/pg_rewind --target-pgdata"
        " {server.data_directory} --write-recovery-conf --source-server 'host={primary.host.address}"
        f" port={{primary.port}} user={{primary.replicator}} dbname={{primary.database}}'`, så `{_CTL} -w start`.",
    ),
    "postgres.rebuild": _said(
        f"{_ON}move `{{server.data_directory}}` aside, then `{{server.binaries}}/pg_basebackup -h"
        " {primary.host.address} -p {primary.port} -U {primary.replicator} -D {server.data_directory} -X stream -R`,"
        f" then `{_CTL} -w start`. It takes hours.",
        f"{_PAA}flyt `{{server.data_directory}}` til side, så `{{server.binaries}}/pg_basebackup -h"
        " {primary.host.address} -p {primary.port} -U {primary.replicator} -D {server.data_directory} -X stream -R`,"
        f" så `{_CTL} -w start`. Det tager timer.",
    ),
}

_LEASES = {
    "lease.state": _said(
        "On {server.host.name}: `nft list set inet seawall_lease_{server.port} admitted`; empty, it lets nobody in.",
        "På {server.host.name}: `nft list set inet seawall_lease_{server.port} admitted`; tom lukker den ingen ind.",
    ),
    "lease.is-expired": _said(
        "It cannot be seen by hand whether a lease has run out. See that {server.host.name} has no power, or that"
        " PostgreSQL is stopped there.",
        "Det kan ikke ses i hånden, om en frist er udløbet. Se, at {server.host.name} er uden strøm, eller at"
        " PostgreSQL er standset dér.",
    ),
    "lease.expire": _said(
        "No lease is revoked by hand. Stop PostgreSQL on {server.host.name}, or take the machine's power.",
        "En frist inddrages ikke i hånden. Stands PostgreSQL på {server.host.name}, eller tag strømmen fra den.",
    ),
    "lease.is-revoked": _said(
        "On {server.host.name}: `nft list set inet seawall_lease_{server.port} admitted`; empty, it lets nobody in.",
        "På {server.host.name}: `nft list set inet seawall_lease_{server.port} admitted`; tom lukker den ingen ind.",
    ),
    "lease.revoke": _said(
        "No lease is revoked by hand. When {peer.host.name} is seen to be the primary: on {server.host.name} stop the"
        " guard; a term later nobody is let in there.",
        "En frist inddrages ikke i hånden. Når {peer.host.name} ses at være den primære: stands vagten på"
        " {server.host.name}; en frist senere lukkes ingen ind dér.",
    ),
    "lease.may-be-held": _said(
        "On {server.host.name}: `nft list set inet seawall_lease_{server.port} admitted` must show the port.",
        "På {server.host.name}: `nft list set inet seawall_lease_{server.port} admitted` skal vise porten.",
    ),
    "lease.grant": _said(
        "No lease is granted by hand. Where {peer.host.name} is seen to be the standby: on {server.host.name} stop the"
        " guard, then `nft delete table inet seawall_lease_{server.port}`; nothing shuts users out then.",
        "En frist gives ikke i hånden. Når {peer.host.name} ses at være reserve: stands vagten på"
        " {server.host.name}, og derefter `nft delete table inet seawall_lease_{server.port}`; intet"
        " lukker så brugerne ude.",
    ),
}

_MACHINES = {
    "power.state": _said(
        "Look at the controller {host.power.url}, {host.power.system} (UUID {host.power.uuid}), or at the machine.",
        "Se på styringen {host.power.url}, {host.power.system} (UUID {host.power.uuid}), eller på maskinen.",
    ),
    "power.is-off": _said(
        "See that {host.hostname} has no power: at {host.power.url}, {host.power.system}, or at the machine itself.",
        "Se, at {host.hostname} er uden strøm: på {host.power.url}, {host.power.system}, eller på selve maskinen.",
    ),
    "power.off": _said(
        "At {host.power.url} choose {host.power.system}, compare the UUID {host.power.uuid}, and force it off; or pull"
        " every cable of {host.hostname}.",
        "Vælg {host.power.system} på {host.power.url}, sammenlign UUID {host.power.uuid}, og sluk den hårdt; eller træk"
        " alle kabler i {host.hostname}.",
    ),
    "power.on": _said(
        "At {host.power.url} choose {host.power.system}, compare the UUID {host.power.uuid}, and switch it on.",
        "Vælg {host.power.system} på {host.power.url}, sammenlign UUID {host.power.uuid}, og tænd den.",
    ),
    "ssh.run": _said("On {host.name}: `{command}`", "På {host.name}: `{command}`"),
    "ssh.read": _said("On {host.name}: `{command}`", "På {host.name}: `{command}`"),
    "ssh.reachable": _said(
        "`ssh -p {host.port} {host.user}@{host.address} hostname` must say {host.hostname}.",
        "`ssh -p {host.port} {host.user}@{host.address} hostname` skal sige {host.hostname}.",
    ),
    "systemd.unit-state": _said(
        f"{_UNIT}`systemctl status {{unit.unit}}`", f"{_UNIT_DA}`systemctl status {{unit.unit}}`"
    ),
    "systemd.is-started": _said(
        f"{_UNIT}`systemctl is-active {{unit.unit}}` must say active.",
        f"{_UNIT_DA}`systemctl is-active {{unit.unit}}` skal sige active.",
    ),
    "systemd.is-stopped": _said(
        f"{_UNIT}`systemctl is-active {{unit.unit}}` must say inactive.",
        f"{_UNIT_DA}`systemctl is-active {{unit.unit}}` skal sige inactive.",
    ),
    "systemd.is-restarted": _said(
        f"{_UNIT}`systemctl show -p ActiveEnterTimestamp {{unit.unit}}` must be later than before.",
        f"{_UNIT_DA}`systemctl show -p ActiveEnterTimestamp {{unit.unit}}` skal være senere end før.",
    ),
    "systemd.start": _said(
        f"{_UNIT}`sudo systemctl start {{unit.unit}}`", f"{_UNIT_DA}`sudo systemctl start {{unit.unit}}`"
    ),
    "systemd.stop": _said(
        f"{_UNIT}`sudo systemctl stop {{unit.unit}}`", f"{_UNIT_DA}`sudo systemctl stop {{unit.unit}}`"
    ),
    "systemd.restart": _said(
        f"{_UNIT}`sudo systemctl restart {{unit.unit}}`", f"{_UNIT_DA}`sudo systemctl restart {{unit.unit}}`"
    ),
    "files.state": _said(
        "On {root.host.name}: `find {root.path} -type f | wc -l`",
        "På {root.host.name}: `find {root.path} -type f | wc -l`",
    ),
    "files.difference": _said(
        "On {source.host.name}: `rsync -rlcni {source.path}/ {target.host.user}@{target.host.address}:{target.path}/`"
        " lists what differs, and copies nothing.",
        "På {source.host.name}: `rsync -rlcni {source.path}/ {target.host.user}@{target.host.address}:{target.path}/`"
        " viser, hvad der er forskelligt, og kopierer intet.",
    ),
    "files.sync": _said(
        "On {source.host.name}: `rsync -rlc {source.path}/ {target.host.user}@{target.host.address}:{target.path}/`"
        " (delete there: {delete}).",
        "På {source.host.name}: `rsync -rlc {source.path}/ {target.host.user}@{target.host.address}:{target.path}/`"
        " (slet dér: {delete}).",
    ),
    "files.is-same": _said(
        "On {source.host.name}: `rsync -rlcni {source.path}/ {target.host.user}@{target.host.address}:{target.path}/`"
        " must list nothing.",
        "På {source.host.name}: `rsync -rlcni {source.path}/ {target.host.user}@{target.host.address}:{target.path}/`"
        " må intet vise.",
    ),
    "files.switch-link": _said(
        "On {host.name}: `ln -sfn {to} {link}.new && mv -T {link}.new {link}`",
        "På {host.name}: `ln -sfn {to} {link}.new && mv -T {link}.new {link}`",
    ),
    "files.is-switched": _said(
        "On {host.name}: `readlink {link}` must say {to}.",
        "På {host.name}: `readlink {link}` skal sige {to}.",
    ),
}

_WAYS = {
    "balancer.state": _same(f"`echo 'show servers state {{backend}}' {_NC}`"),
    "balancer.point": _said(
        "First each of {away_from} out (SERVER): "
        f"`echo 'set server {{backend}}/SERVER state maint; shutdown sessions server {{backend}}/SERVER' {_NC}`, then"
        f" `echo 'set server {{backend}}/{{to}} state ready' {_NC}`.",
        "Først hver af {away_from} ud (SERVER): "
        f"`echo 'set server {{backend}}/SERVER state maint; shutdown sessions server {{backend}}/SERVER' {_NC}`, så"
        f" `echo 'set server {{backend}}/{{to}} state ready' {_NC}`.",
    ),
    "balancer.is-pointed": _said(
        f"`echo 'show servers state {{backend}}' {_NC}`: only {{to}} may be ready.",
        f"`echo 'show servers state {{backend}}' {_NC}`: kun {{to}} må være klar.",
    ),
    "balancer.close": _said(
        f"For each SERVER of {{backend}}: `echo 'set server {{backend}}/SERVER state maint' {_NC}`",
        f"For hver SERVER i {{backend}}: `echo 'set server {{backend}}/SERVER state maint' {_NC}`",
    ),
    "balancer.is-closed": _said(
        f"`echo 'show servers state {{backend}}' {_NC}`: none may be ready.",
        f"`echo 'show servers state {{backend}}' {_NC}`: ingen må være klar.",
    ),
    "dns.lookup": _same("`dig @{zone.server.address} -p {zone.server.port} {name} {type} +short`"),
    "dns.point": _said(
        "`nsupdate` with the zone's key ({zone.key_name}): `server {zone.server.address} {zone.server.port}`,"
        " `zone {zone.name}`, `update delete {name}. {type}`, `update add {name}. 60 {type} {to}`, `send`.",
        "`nsupdate` med zonens nøgle ({zone.key_name}): `server {zone.server.address} {zone.server.port}`,"
        " `zone {zone.name}`, `update delete {name}. {type}`, `update add {name}. 60 {type} {to}`, `send`.",
    ),
    "dns.is-pointed": _said(
        "`dig @{zone.server.address} -p {zone.server.port} {name} {type} +short` must say {to} and nothing else.",
        "`dig @{zone.server.address} -p {zone.server.port} {name} {type} +short` skal sige {to} og intet andet.",
    ),
    "http.get": _same("`curl -fsS --max-time 10 '{url}'`"),
    "http.probe": _said(
        "Open {url} in a browser, or `curl -fsS --max-time 10 '{url}'`: does it answer as it should?",
        "Åbn {url} i en browser, eller `curl -fsS --max-time 10 '{url}'`: svarer den, som den skal?",
    ),
    "http.request": _said(
        "`curl -fsS --max-time 30 -X {method} '{url}'`, with what the service's own manual asks for.",
        "`curl -fsS --max-time 30 -X {method} '{url}'`, med det, som tjenestens egen vejledning kræver.",
    ),
}

_KEPT = {
    "objects.put": _said(
        f"`{_S3} put-object --bucket {{store.bucket}} --key '{{key}}' --body FILE`",
        f"`{_S3} put-object --bucket {{store.bucket}} --key '{{key}}' --body FIL`",
    ),
    "objects.is-there": _same(f"`{_S3} head-object --bucket {{store.bucket}} --key '{{key}}'`"),
    "objects.get": _said(
        f"`{_S3} get-object --bucket {{store.bucket}} --key '{{key}}' FILE`",
        f"`{_S3} get-object --bucket {{store.bucket}} --key '{{key}}' FIL`",
    ),
    "objects.list": _same(f"`{_S3} list-objects-v2 --bucket {{store.bucket}} --prefix '{{prefix}}'`"),
    "objects.head": _same(f"`{_S3} head-object --bucket {{store.bucket}} --key '{{key}}'`"),
    "backup.take": _said(
        "On {server.host.name}: `{server.binaries}/pg_basebackup -h {server.host.address} -p {server.port} -U"
        " {server.replicator} -D FOLDER -Ft -X fetch`; copy FOLDER away from the site.",
        "På {server.host.name}: `{server.binaries}/pg_basebackup -h {server.host.address} -p {server.port} -U"
        " {server.replicator} -D MAPPE -Ft -X fetch`; kopiér MAPPE væk fra stedet.",
    ),
    "backup.find": _said(
        f"`{_S3} list-objects-v2 --bucket {{store.bucket}} --prefix {{backup}}/`: write down the newest.",
        f"`{_S3} list-objects-v2 --bucket {{store.bucket}} --prefix {{backup}}/`: skriv den nyeste ned.",
    ),
    "backup.restore": _said(
        "On {host.name}, in a new empty folder: fetch base.tar of the backup from the store {store.name}, `tar -xf"
        " base.tar`, and start it on a port of its own with `{binaries}/pg_ctl -D FOLDER -o '-p 5999' -w start`.",
        "På {host.name}, i en ny tom mappe: hent backuppens base.tar fra lageret {store.name}, `tar -xf base.tar`, og"
        " start den på sin egen port med `{binaries}/pg_ctl -D MAPPE -o '-p 5999' -w start`.",
    ),
    "backup.verify": _said(
        "On {host.name}: count the rows of each table in the restored server, and compare with the record beside the"
        " backup in the store.",
        "På {host.name}: tæl rækkerne i hver tabel på den gendannede server, og sammenlign med optegnelsen ved siden af"
        " backuppen i lageret.",
    ),
    "backup.judge": _said(
        "Read what was written down when comparing: is it whole?",
        "Læs, hvad der blev skrevet ned: er den hel?",
    ),
    "backup.drop": _said(
        "On {host.name}: stop the restored server (`pg_ctl -D FOLDER stop`) and remove its folder; look twice which.",
        "På {host.name}: stands den gendannede (`pg_ctl -D MAPPE stop`), og fjern dens mappe; se efter to gange.",
    ),
    "backup.is-dropped": _said(
        "On {host.name}: see that nothing is left of the restored server's folder.",
        "På {host.name}: se, at intet er tilbage af den gendannede servers mappe.",
    ),
    "email.send": _said(
        "Telephone everybody in {audience} (numbers below) and read to them: “{message.subject}”. The words:"
        " {message.body}",
        "Ring til alle i {audience} (numre nedenfor), og læs op: »{message.subject}«. Ordene: {message.body}",
    ),
    "slack.post": _said(
        "Nothing to do by hand where everybody in {audience} was telephoned.",
        "Intet at gøre i hånden, hvor alle i {audience} er ringet op.",
    ),
}

BY_HAND: Mapping[str, Text] = {**_POSTGRES, **_LEASES, **_MACHINES, **_WAYS, **_KEPT}
"""By the action's name."""
