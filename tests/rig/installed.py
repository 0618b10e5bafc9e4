# SPDX-License-Identifier: MIT
"""stauth as it is installed, run by those who run it (CONTRACT 9), in a mount
namespace of this very process.

enter() lays writable overlays over /etc, /usr and /var, gives /run and /home
anew, and runs a real `meson install` there, with systemd-sysusers and
systemd-tmpfiles. Nothing of the machine is written to; all of it ends with
the process.
"""

import contextlib
import fcntl
import grp
import os
import pwd
import shutil
import stat
import subprocess
import tempfile

import pty_talk
import rig
from pamrig import (CLONE_NEWNS, MS_PRIVATE, MS_REC, Listener, Reported, libc,
                    mount, which)
from stack_nginx import NginxStack

PREFIX_BUILD = os.path.join(rig.BUILD, "install")
# Who asks: as keywords of subprocess.
ROOT = {}
MEMBER = {"user": "carol", "group": "carol", "extra_groups": ["stauth"]}
NOBODY = {"user": "mallory", "group": "mallory", "extra_groups": []}
NGINX = {"user": "www-data", "group": "www-data", "extra_groups": []}
APP = {"user": "nobody", "group": "nogroup", "extra_groups": []}
STAUTH = {"user": "stauth", "group": "stauth", "extra_groups": ["www-data"]}

entered = []     # not twice


def why_not():
    """A reason to skip, or None."""
    if os.geteuid() != 0:
        return "needs root (installs, in a mount namespace)"
    missing = [tool for tool in ("pamtester", "nginx", "systemd-sysusers",
                                 "systemd-tmpfiles") if not which(tool)]
    return "not installed: " + " ".join(missing) if missing else None


def overlay(top, path):
    work = os.path.join(top, path.strip("/"))
    for name in ("upper", "work"):
        os.makedirs(os.path.join(work, name), 0o755)
    mount("overlay", path, "overlay", 0,
          "lowerdir=%s,upperdir=%s/upper,workdir=%s/work" % (
              path, work, work))


@contextlib.contextmanager
def prepared():
    """The build folder to install from, for one user at a time: the prefix
    belongs to the folder, so it is one of its own."""
    os.makedirs(rig.BUILD, exist_ok=True)
    with open(PREFIX_BUILD + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(os.path.join(PREFIX_BUILD, "build.ninja")):
            subprocess.run(
                ["meson", "setup", PREFIX_BUILD, rig.TOP, "--prefix=/usr",
                 "--sysconfdir=/etc", "-Dtests=false",
                 "-Dman-pages=enabled"],
                check=True, stdout=subprocess.DEVNULL)
        yield PREFIX_BUILD


def install(destination=""):
    with prepared() as folder:
        done = subprocess.run(
            ["meson", "install", "-C", folder],
            env=dict(os.environ, DESTDIR=destination),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False)
    if done.returncode != 0:
        raise AssertionError(done.stdout[-3000:])


def enter():
    """Once a process; there is no way back."""
    if entered:
        return
    entered.append(True)
    top = tempfile.mkdtemp(prefix="stauth-installed-")
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError("unshare")
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("tmpfs", top, "tmpfs", 0, "mode=755")
    for path in ("/etc", "/usr", "/var"):
        overlay(top, path)
    for path in ("/run", "/home"):
        mount("tmpfs", path, "tmpfs", 0, "mode=755")
    install()
    for name in ("alice", "carol", "mallory"):
        subprocess.run(["useradd", "-m", "-s", "/bin/sh", name], check=True)
    Listener()
    rig.CTL, rig.GATE = "/usr/sbin/stauthctl", "/usr/sbin/fcgi_gate"


class InstalledStack(NginxStack):
    """Default paths; gate as stauth, nginx as www-data."""

    def __init__(self):
        enter()
        super().__init__(init=False)
        self.conf = "/etc/stauth/stauth.conf"
        self.state_dir, self.run_dir = "/var/lib/stauth", "/run/stauth"
        self.db = self.state_dir + "/stauth.db"
        self.write_config({"STATE_DIR": None, "RUN_DIR": None})
        shutil.chown(self.conf, "root", "stauth")
        for name in os.listdir(self.state_dir):
            path = os.path.join(self.state_dir, name)
            (shutil.rmtree if os.path.isdir(path) else os.unlink)(path)
        # What NginxStack did to let www-data at a directory below /tmp.
        os.chmod(self.state_dir, 0o2770)
        with open("/etc/pam.d/stauth-test", "w", encoding="utf-8") as out:
            for kind in ("auth", "account", "password", "session"):
                out.write("%s required pam_stauth.so\n" % kind)

    def write_snippets(self):
        """Unchanged: they are made for the default paths."""
        return "/etc/nginx/snippets"

    def start_gate(self, timeout=20, **more):
        return super().start_gate(timeout, **dict(STAUTH, **more))

    def pam(self, name, *operations, answers=(), user=None):
        return Reported(*pty_talk.talk(
            [which("pamtester"), "stauth-test", name, *operations], answers,
            user=user, timeout=40)).code


def run_as(who, *command, **more):
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False, **who, **more)


def owner(path):
    """"user:group mode", as CONTRACT 9 writes it."""
    info = os.lstat(path)
    return "%s:%s %04o" % (
        pwd.getpwuid(info.st_uid).pw_name, grp.getgrgid(info.st_gid).gr_name,
        stat.S_IMODE(info.st_mode))
