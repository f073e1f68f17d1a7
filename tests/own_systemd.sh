# A systemd of its own, in namespaces of its own, with nothing but the units it is given. Run by tests/own_systemd.py as root:
#   unshare --mount --propagation=private bash own_systemd.sh FOLDER PREPARE SEEN...
# FOLDER holds units/, laid over /etc/systemd/system, and takes what the console says. PREPARE is run inside beforehand.
# FOLDER and SEEN are all of this machine's /tmp, /var/tmp and /dev/shm that is there inside; /dev, /run, /opt, /var/lib and
# what PREPARE lays over files in /etc are others too. The network is this machine's.
# It ends, and takes everything along, when its standard input does: with whoever started it, however that ended.
set -eu
folder=$1 prepare=$2
if [ "${inside-}" != yes ]; then
    # A control group of its own: two systemds in one would wait for each other's programs.
    mkdir "$folder/groups"
    if grep -q ':name=systemd:' /proc/self/cgroup; then
        mount -t cgroup -o none,name=systemd cgroup "$folder/groups"
    else
        mount -t cgroup2 cgroup2 "$folder/groups"
    fi
    group=$folder/groups/${folder##*/}
    mkdir "$group"
    exec 3<&0
    sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' own "$group" \
        env inside=yes setpriv --pdeathsig=KILL unshare --pid --mount --uts --ipc --cgroup --fork --kill-child --mount-proc \
        bash "$0" "$@" >/dev/null </dev/null &
    echo $!
    cat <&3 >/dev/null &
    wait -n || true
    exec 2>/dev/null # the shell would say that it was killed
    kill -KILL $(jobs -p) || true
    tries=0
    until find "$group" -depth -type d -exec rmdir {} + || [ $((tries += 1)) -gt 600 ]; do sleep 0.05; done
    umount "$folder/groups"
    rm -rf --one-file-system "$folder"
    exit
fi

dev=$folder/dev
mkdir "$dev"
mount -t tmpfs -o mode=0755 tmpfs "$dev"
mkdir "$dev/pts" "$dev/shm"
for one in null zero full random urandom tty; do
    : >"$dev/$one"
    mount --bind "/dev/$one" "$dev/$one"
done
: >"$folder/console"
: >"$dev/console"
mount --bind "$folder/console" "$dev/console"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$dev/pts"
ln -s pts/ptmx "$dev/ptmx"
ln -s /proc/self/fd "$dev/fd"
mount -t tmpfs -o mode=1777 tmpfs "$dev/shm"

# What is seen is held open, hidden with the folders it lies in, and laid back.
shift 2
held=10
for one in "$folder" "$@"; do
    eval "exec $held<\"\$one\""
    held=$((held + 1))
done
mount --rbind "$dev" /dev
for one in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs $one; done
for one in /run /opt /var/lib /sys/fs/cgroup; do mount -t tmpfs -o mode=0755 tmpfs $one; done
held=10
for one in "$folder" "$@"; do
    [ -e "$one" ] || { mkdir -p "$one" && mount --no-canonicalize --bind "/proc/self/fd/$held" "$one"; }
    eval "exec $held<&-"
    held=$((held + 1))
done

mkdir -p /run/systemd/system /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
if grep -q ':name=systemd:' /proc/self/cgroup; then
    mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
else
    umount /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi

over() { # FILE: lay a copy over it
    cp -p "$1" "$folder/${1##*/}"
    mount --bind "$folder/${1##*/}" "$1"
}
. "$prepare"
mount --bind "$folder/units" /etc/systemd/system
export container=seawall-test SYSTEMD_UNIT_PATH=/etc/systemd/system
export SYSTEMD_GENERATOR_PATH=/nonexistent SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/nonexistent
exec /lib/systemd/systemd --system --unit=default.target --log-target=console --log-level=info
