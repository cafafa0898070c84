# Runs as the first process of the namespaces of a world (mount, pid, uts, ipc,
# net) and becomes its init. $1 is the list of layers, $2 the directory of the
# world, $3 its cgroup.
set -eu
if [ -z "${in_cgroup:-}" ]; then
    echo 0 >"$3/cgroup.procs"
    in_cgroup=1 exec unshare --cgroup sh -s -- "$@" <"$2/boot.sh"
fi
root=$2/root
mount --make-rprivate /
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$root"

# What is not the world's own cannot be changed from it: kernel variables other
# than those of its network, devices, the host's cgroups.
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,ro "$root/proc/sys"
if [ -e "$root/proc/sysrq-trigger" ]; then mount --bind /dev/null "$root/proc/sysrq-trigger"; fi
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
for node in null zero full random urandom tty; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"

hostname world
ip link set lo up
cd "$root"
mkdir -p .host
pivot_root . .host
# The clock and the kernel are the host's too.
exec chroot . sh -eu -c '
    umount -l /.host
    rmdir /.host
    exec env -i container=dekho-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio,-syslog,-mac_admin \
        /lib/systemd/systemd --show-status=0 --log-target=journal' </dev/null
