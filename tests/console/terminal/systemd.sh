# A systemd of its own in namespaces of its own, with nothing but the unit under test. Run by test_serve_unit.py as root:
#   systemd.sh SCRATCH REPOSITORY
# Nothing outside is changed: /run, /opt, /var/lib, /etc/passwd and /dev/console are others inside.
set -eu
scratch=$1 repository=$2
mount --make-rprivate /
for folder in /run /opt /var/lib /sys/fs/cgroup; do mount -t tmpfs -o mode=0755 tmpfs $folder; done
mkdir -p /run/systemd/system /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
if grep -q ':name=systemd:' /proc/self/cgroup; then
    mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
else
    umount /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
ln -s "$repository" /opt/seawall
for file in passwd group; do
    cp /etc/$file "$scratch/$file"
    mount --bind "$scratch/$file" /etc/$file
done
echo 'seawall:x:64901:64901::/var/lib/seawall:/usr/sbin/nologin' >> /etc/passwd
echo 'seawall:x:64901:' >> /etc/group
mkdir -p /var/lib/seawall
cp -r "$scratch/city" /var/lib/seawall/city
chown -R 64901:64901 /var/lib/seawall
ln -s /var/lib/seawall "$scratch/lib" || true
: > "$scratch/console"
mount --bind "$scratch/console" /dev/console
export container=seawall-test SYSTEMD_UNIT_PATH="$scratch/units"
export SYSTEMD_GENERATOR_PATH=/nonexistent SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/nonexistent
exec /lib/systemd/systemd --system --unit=default.target --log-target=console --log-level=info
