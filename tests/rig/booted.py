# SPDX-License-Identifier: MIT
"""A Debian that systemd boots, in namespaces of its own, on a copy of this
machine's files that is gone with it.

    machine = booted.Machine()
    machine.run("systemctl", "status")

Run as a program, this file is the one that makes the namespaces, becomes the
parent of systemd and takes its control groups away at the end.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys

import rig
from installed import PREFIX_BUILD, prepared
from pamrig import (CLONE_NEWNS, MS_BIND, MS_PRIVATE, MS_REC, NODES, libc,
                    mount, which)

SYSTEMD = "/lib/systemd/systemd"
CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x2000000, 0x4000000, 0x8000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_RDONLY, MS_REMOUNT, PR_SET_PDEATHSIG = 1, 32, 1
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CGROUPS = "/sys/fs/cgroup"
# Controllers that the unit asks for, where each has a hierarchy of its own.
CONTROLLERS = ("memory", "pids", "devices")
# What belongs to the machine around, or is of no use here.
MASKED = """
apt-daily.timer apt-daily-upgrade.timer dev-hugepages.mount
dev-mqueue.mount dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
getty.target kmod-static-nodes.service logrotate.timer man-db.timer
proc-sys-fs-binfmt_misc.automount sys-fs-fuse-connections.mount
sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount
systemd-hwdb-update.service systemd-journald-audit.socket
systemd-logind.service systemd-modules-load.service
systemd-networkd.service systemd-remount-fs.service
systemd-resolved.service systemd-sysctl.service systemd-timesyncd.service
systemd-tmpfiles-clean.timer systemd-udevd.service
systemd-update-utmp.service
""".split()
TARGET = """
[Unit]
Requires=basic.target
After=basic.target
"""

# What cannot be had in every container, even by root.
PROBE = """
mount -t tmpfs tmpfs /mnt && mkdir /mnt/up /mnt/wk /mnt/root &&
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/up,workdir=/mnt/wk \\
	/mnt/root && mount -t proc proc /mnt/root/proc
"""


def why_not():
    """A reason to skip, or None."""
    if os.geteuid() != 0:
        return "needs root (boots systemd, in namespaces)"
    missing = [tool for tool in ("nginx", "nsenter", "ip") if not which(tool)]
    if not os.path.exists(SYSTEMD):
        missing.append("systemd")
    if missing:
        return "not installed: " + " ".join(missing)
    probe = subprocess.run(
        ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup",
         "--fork", "sh", "-c", PROBE], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False)
    return ("systemd cannot be booted here: " + " ".join(
        probe.stdout.split()) if probe.returncode else None)


def check(result):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


# --- the parent of systemd


class Groups:
    """Control groups of our own, whatever is mounted around us: in version 2
    one, in version 1 one in each hierarchy that matters."""

    def __init__(self):
        self.made = []
        # (options of mount, folder, where we are)
        self.wanted = []
        with open("/proc/self/cgroup", encoding="ascii") as file:
            rows = [line.strip().split(":", 2) for line in file]
        unified = [(None, "unified", path) for _, names, path in rows
                   if not names]
        for _, names, path in rows:
            if names == "name=systemd":
                self.wanted.append(("none,name=systemd", "systemd", path))
            elif names in CONTROLLERS:
                self.wanted.append((names, names, path))
        if any(folder == "systemd" for _, folder, _ in self.wanted):
            self.wanted += unified
        else:
            self.wanted = [(None, "", unified[0][2])]

    def mount_at(self, top):
        if self.wanted[0][1]:
            mount("tmpfs", top, "tmpfs", 0, "mode=755")
        for options, folder, _ in self.wanted:
            at = os.path.join(top, folder)
            os.makedirs(at, exist_ok=True)
            mount("cgroup", at, "cgroup" if options else "cgroup2", 0,
                  options)

    def enter(self):
        """In a mount namespace of our own: makes them and moves into them."""
        self.mount_at(CGROUPS)
        for options, folder, path in self.wanted:
            parent = os.path.join(CGROUPS, folder) + path.rstrip("/")
            if options is None:
                self.delegate(parent)
            made = os.path.join(parent, "stauth-booted-%d" % os.getpid())
            os.mkdir(made)
            self.made.append(made)
            with open(made + "/cgroup.procs", "w", encoding="ascii") as out:
                out.write(str(os.getpid()))

    @staticmethod
    def delegate(parent):
        """Where others live in it this cannot be: then without limits."""
        try:
            with open(parent + "/cgroup.subtree_control", "w",
                      encoding="ascii") as out:
                out.write("+memory +pids")
        except OSError:
            pass

    def leave(self):
        for made in self.made:
            with open(os.path.dirname(made) + "/cgroup.procs", "w",
                      encoding="ascii") as out:
                out.write(str(os.getpid()))
            for folder, _, _ in os.walk(made, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass


def make_dev(dev):
    mount("tmpfs", dev, "tmpfs", 0, "mode=755")
    for node in NODES:
        open(dev + "/" + node, "wb").close()
        mount("/dev/" + node, dev + "/" + node, None, MS_BIND)
    for name in ("pts", "shm"):
        os.mkdir(dev + "/" + name)
    mount("devpts", dev + "/pts", "devpts", 0,
          "newinstance,ptmxmode=0666,mode=620,gid=5")
    os.symlink("pts/ptmx", dev + "/ptmx")
    os.symlink("/proc/self/fd", dev + "/fd")


def make_root(top, groups):
    """An overlay of /, with what a container's manager puts into it."""
    mount("tmpfs", top, "tmpfs", 0, "mode=755")
    upper, work, root = (top + "/" + name for name in ("up", "wk", "root"))
    for path in (upper, work, root):
        os.mkdir(path, 0o755)
    mount("overlay", root, "overlay", 0,
          "lowerdir=/,upperdir=%s,workdir=%s" % (upper, work))
    mount("proc", root + "/proc", "proc")
    mount(root + "/proc/sys", root + "/proc/sys", None, MS_BIND)
    mount(None, root + "/proc/sys", None, MS_BIND | MS_REMOUNT | MS_RDONLY)
    mount("sysfs", root + "/sys", "sysfs", MS_RDONLY)
    groups.mount_at(root + CGROUPS)
    make_dev(root + "/dev")
    mount("tmpfs", root + "/run", "tmpfs", 0, "mode=755")
    mount("tmpfs", root + "/tmp", "tmpfs", 0, "mode=1777")
    show(root, rig.TOP, MS_RDONLY)
    show(root, PREFIX_BUILD, 0)
    return root


def show(root, path, flags):
    """It may be on another file system than /, or below /tmp."""
    os.makedirs(root + path, exist_ok=True)
    mount(path, root + path, None, MS_BIND)
    mount(None, root + path, None, MS_BIND | MS_REMOUNT | flags)


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def furnish():
    """In the new root, before systemd comes."""
    # Whatever was tried on the machine around.
    for path in ("/etc/stauth", "/var/lib/stauth", "/var/log/stauth"):
        shutil.rmtree(path, ignore_errors=True)
    write("/etc/machine-id", os.urandom(16).hex() + "\n")
    write("/etc/hostname", "booted\n")
    write("/etc/hosts", "127.0.0.1 localhost booted\n")
    write("/etc/nsswitch.conf", "passwd: files\ngroup: files\n"
          "shadow: files\nhosts: files\n")
    units = "/run/systemd/system"
    os.makedirs(units)
    write(units + "/booted.target", TARGET)
    for name in MASKED:
        os.symlink("/dev/null", units + "/" + name)
    # A journal of this boot alone, in memory, that loses nothing.
    os.makedirs("/run/systemd/journald.conf.d")
    write("/run/systemd/journald.conf.d/booted.conf",
          "[Journal]\nStorage=volatile\nRateLimitBurst=0\nAudit=no\n")
    # The machine's own /tmp is for others to clean.
    os.makedirs("/run/tmpfiles.d", exist_ok=True)
    os.symlink("/dev/null", "/run/tmpfiles.d/tmp.conf")
    # Nothing that was enabled on the machine around.
    for name in os.listdir("/etc/systemd/system"):
        if name.endswith(".wants"):
            for unit in os.listdir("/etc/systemd/system/" + name):
                os.unlink("/etc/systemd/system/%s/%s" % (name, unit))


def become_systemd(top, groups):
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    check(libc.unshare(CLONE_NEWNS))
    root = make_root(top, groups)
    os.chdir(root)
    os.mkdir("old")
    # libc has no name for it.
    subprocess.run([which("pivot_root"), ".", "old"], check=True)
    os.chroot(".")
    check(libc.umount2(b"/old", 2))
    os.rmdir("/old")
    furnish()
    os.execve(SYSTEMD, [SYSTEMD, "--system", "--unit=booted.target",
                        "--log-target=journal", "--show-status=0"],
              {"container": "stauth-booted", "PATH": PATH})


def supervise(top):
    """Says systemd's pid, waits for its end, tidies up."""
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    check(libc.unshare(CLONE_NEWNS))
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    groups = Groups()
    try:
        groups.enter()
        check(libc.unshare(CLONE_NEWCGROUP | CLONE_NEWPID | CLONE_NEWIPC |
                           CLONE_NEWUTS))
        pid = os.fork()
        if pid == 0:
            try:
                become_systemd(top, groups)
            finally:
                os._exit(1)
        print(pid, flush=True)
        os.waitpid(pid, 0)
    finally:
        groups.leave()


# --- for tests


_NET = []


def own_network():
    """Loopback and nothing else; this process and the machine are in it."""
    if not _NET:
        check(libc.unshare(CLONE_NEWNET))
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        _NET.append(True)


class Machine:
    """One that has booted."""

    def __init__(self, folder):
        """folder: an empty one, where its files are mounted."""
        own_network()
        with prepared():
            pass        # its folder is mounted in the machine
        with open(os.path.join(folder, "boot.log"), "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, os.path.abspath(__file__), folder],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        line = self.process.stdout.readline()
        self.pid = int(line) if line else 0
        if not line or not rig.wait_for(self.is_up, 60, 0.1):
            with open(os.path.join(folder, "boot.log"), "rb") as log:
                said = log.read().decode("utf-8", "replace")
            self.stop()
            raise AssertionError("systemd did not boot: " + said[-3000:])

    def is_up(self):
        return self.run("systemctl", "is-system-running").stdout.strip() in (
            "running", "degraded")

    def path(self, path):
        """Where a file of the machine is for us."""
        return "/proc/%d/root%s" % (self.pid, path)

    def run(self, *command, stdin="", check=False, **more):
        done = subprocess.run(
            ["nsenter", "--all", "--root", "--wd", "--target",
             str(self.pid), "--", *command],
            input=stdin, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, check=False, timeout=120,
            env={"PATH": PATH, "LC_ALL": "C.UTF-8"}, **more)
        if check and done.returncode != 0:
            raise AssertionError("%s: %d\n%s%s" % (
                " ".join(command), done.returncode, done.stdout, done.stderr))
        return done

    def systemctl(self, *words, check=True):
        return self.run("systemctl", "--no-pager", *words, check=check)

    def show(self, unit, name):
        """A property of a unit."""
        return self.systemctl("show", "-P", name, unit).stdout.strip()

    def journal(self, *words):
        return self.run("journalctl", "--no-pager", "-o", "cat", *words,
                        check=True).stdout

    def stop(self):
        if self.pid and self.process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self.process.wait(30)
        self.process.stdout.close()


if __name__ == "__main__":
    supervise(sys.argv[1])
