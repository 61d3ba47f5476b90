#!/bin/bash
# jail.sh: a private root for one peer, so that packages which conflict with each other (Debian's three
# IMAP/POP3 suites do) can all be installed, and nothing is installed on this machine itself.
#
#   jail.sh install NAME PACKAGE...   apt-get install into the jail; a second call does nothing
#   jail.sh run     NAME COMMAND...   run one command in the jail and wait (joins a started jail)
#   jail.sh start   NAME COMMAND...   run COMMAND as the jail's first process, in the background
#   jail.sh stop    NAME              end it, and with it every process and mount of the jail
#   jail.sh alive   NAME              exit status: is it started?
#   jail.sh log     NAME              what the jail's first process printed
#
# How: a mount namespace and a process namespace of its own. Inside, /usr, /etc and /var are overlays: this
# machine's folders below, $INTEROP_WORK/jail/NAME above, so an install takes seconds and only writes the
# difference. $INTEROP_WORK is visible at the same path inside and outside; the network is shared.
# The kernel ends all processes and mounts when the first process ends: nothing can be left behind.
# Where overlays cannot be mounted (the work folder itself on an overlay, as in a container), or when
# INTEROP_ROOT=debootstrap asks for it, the jail is a debootstrap tree: slower, otherwise the same.
set -euo pipefail
: "${INTEROP_WORK:=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/.work}"
mkdir -p "$INTEROP_WORK/jail"
W=$(cd "$INTEROP_WORK" && pwd -P)
verb=${1:?usage: jail.sh install|run|start|stop|alive|log NAME ...} name=${2:?the name of a jail}; shift 2
J=$W/jail/$name          # kind: overlay or tree; done: the packages it holds; pid, log of the first process
R=$J/root

die() { echo "jail.sh: $*" >&2; exit 1; }

mount_usr_etc_var() {
  mount -t tmpfs -o mode=755 tmpfs "$R"
  local dir
  for dir in /bin /sbin /lib /lib32 /lib64 /libx32; do
    if [ -L "$dir" ]; then cp -P "$dir" "$R$dir"; fi           # merged /usr: links into it
  done
  for dir in usr etc var; do
    mkdir -p "$R/$dir" "$J/upper/$dir" "$J/scratch/$dir"
    mount -t overlay -o "lowerdir=/$dir,upperdir=$J/upper/$dir,workdir=$J/scratch/$dir" overlay "$R/$dir"
  done
}

# Runs in the new namespaces, as process 1: builds the root, then becomes the command.
inside() {
  local host_pid rest resolv
  read -r host_pid rest < /proc/self/stat                      # still the machine's /proc: our id from outside
  mount --make-rprivate /
  hostname localhost                                           # or some programs look this machine up, for seconds
  if [ "$(cat "$J/kind")" = overlay ]; then mount_usr_etc_var; else mount --bind "$R" "$R"; fi
  mkdir -p "$R"/{proc,dev,run,tmp,root,home} "$R$W"
  chmod 1777 "$R/tmp"
  mount -t proc proc "$R/proc"
  mount -t tmpfs -o mode=755 tmpfs "$R/run"; mkdir "$R/run/lock"
  mount -t tmpfs -o mode=755 tmpfs "$R/dev"; mkdir "$R"/dev/{pts,shm}
  for rest in null zero full random urandom tty; do touch "$R/dev/$rest"; mount --bind "/dev/$rest" "$R/dev/$rest"; done
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$R/dev/pts"; ln -s pts/ptmx "$R/dev/ptmx"
  ln -s /proc/self/fd "$R/dev/fd"
  resolv=$(readlink -f /etc/resolv.conf)                       # often a link into /run, which is empty in here
  mkdir -p "$(dirname "$R$resolv")"; [ -e "$R$resolv" ] || cp "$resolv" "$R$resolv"
  mount --bind "$W" "$R$W"
  echo "$J" > "$R/run/jail"                                    # alive() looks for it: a process number may be reused
  echo "$host_pid" > "$J/pid"
  exec chroot "$R" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive INTEROP_WORK="$W" "$@"
}

new_jail() { exec unshare --mount --pid --uts --fork --kill-child=KILL "$BASH" "${BASH_SOURCE[0]}" inside "$name" "$@"; }
alive() { [ -s "$J/pid" ] && [ "$(cat "/proc/$(cat "$J/pid")/root/run/jail" 2>/dev/null)" = "$J" ]; }

base_tree() {                                                  # $W/base, once: the release that this machine runs
  local archive release
  [ ! -e "$W/base/.done" ] || return 0
  {
    command -v debootstrap || apt-get install -qy --no-install-recommends debootstrap \
      || { apt-get update -q; apt-get install -qy --no-install-recommends debootstrap; }
    # from the archive that this machine's apt is set up with
    read -r archive release < <(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' 'Component: main')
    rm -rf "$W/base"; debootstrap --variant=minbase "$release" "$W/base" "$archive"
    cp -r /etc/apt/. "$W/base/etc/apt/"; cp -r /usr/share/keyrings/. "$W/base/usr/share/keyrings/"
  } > "$W/debootstrap.log" 2>&1 || { tail "$W/debootstrap.log" >&2; die "debootstrap failed ($W/debootstrap.log)"; }
  touch "$W/base/.done"
}

prepare() {                                                    # decides the kind of root, once
  [ ! -s "$J/kind" ] || return 0
  [ "$(id -u)" = 0 ] || die "needs root (mount and process namespaces)"
  unshare --mount --pid --fork true || die "this machine does not allow mount and process namespaces"
  mkdir -p "$R"
  if [ "${INTEROP_ROOT:-overlay}" = overlay ] && (export -f mount_usr_etc_var; export J R
       unshare --mount "$BASH" -euc 'mount --make-rprivate /; mount_usr_etc_var' 2> "$J/overlay.err"); then
    echo overlay > "$J/kind"
  else
    echo "jail.sh: $name: no overlay, taking debootstrap" >&2
    base_tree
    rm -rf "$R"; cp -a "$W/base" "$R"
    echo tree > "$J/kind"
  fi
}

case $verb in
  inside) inside "$@" ;;
  install)
    if [ "$(cat "$J/done" 2>/dev/null)" = "$*" ]; then exit 0; fi
    prepare
    # policy-rc.d: no service starts itself. Known package lists are tried before they are fetched anew.
    "$BASH" "${BASH_SOURCE[0]}" run "$name" sh -c '
      printf "#!/bin/sh\nexit 101\n" > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d
      install() { apt-get install -qy --no-install-recommends -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-unsafe-io "$@"; }
      install "$@" || { apt-get update -q; install "$@"; }' install "$@" > "$J/install.log" 2>&1 \
      || { tail -n 20 "$J/install.log" >&2; die "cannot install $* ($J/install.log)"; }
    echo "$*" > "$J/done" ;;
  run)
    if alive; then exec nsenter --target "$(cat "$J/pid")" --mount --pid --uts --root --wd=/ \
      /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 INTEROP_WORK="$W" "$@"; fi
    new_jail "$@" ;;
  start)
    if alive; then die "$name runs already"; fi
    (new_jail "$@") < /dev/null > "$J/log" 2>&1 & disown
    for _ in {1..100}; do if alive; then exit 0; fi; sleep 0.05; done
    cat "$J/log" >&2; die "$name did not start" ;;
  stop)
    [ -s "$J/pid" ] || exit 0
    pid=$(cat "$J/pid")
    if alive; then
      kill -TERM "$pid" 2>/dev/null || true
      for _ in {1..50}; do if ! kill -0 "$pid" 2>/dev/null; then break; fi; sleep 0.1; done
      kill -KILL "$pid" 2>/dev/null || true
    fi
    rm -f "$J/pid" ;;
  alive) alive ;;
  log) cat "$J/log" ;;
  *) die "unknown verb $verb" ;;
esac
