#!/usr/bin/env bash
# Installs the Debian packages that the heavier suites need: real servers, a terminal multiplexer, capture and tracing.
# Does nothing when all are there. Without root, or without apt, it says what is missing and ends with 1.
set -euo pipefail

packages=(
  socat dovecot-imapd dovecot-pop3d python3-aiosmtpd python3 postgresql-15 tcpdump iproute2 strace openssl procps
  util-linux tmux screen microsocks tinyproxy-bin openssh-server mosquitto redis-server ngircd
  xrdp p910nd cups-ipp-utils dbus-daemon python3-pymodbus python3-serial-asyncio
  libcoap3-bin dnsmasq-base chrony libfaketime snmpd rsyslog transmission-daemon tftpd-hpa avahi-daemon
)

if ! command -v dpkg-query >/dev/null; then
  echo "Not a Debian system. The heavier suites need what these packages hold: ${packages[*]}" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "System packages: all ${#packages[@]} are there"
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "These packages are missing; as root: apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi

# The suites start their own servers, so no packaged service may start. What was there before is put back.
policy=/usr/sbin/policy-rc.d
saved=
restore() {
  if [ -n "$saved" ]; then mv -f "$saved" "$policy"; else rm -f "$policy"; fi
}
if [ -e "$policy" ] || [ -L "$policy" ]; then
  saved=$(mktemp -u "$policy.parley.XXXXXX")
  mv "$policy" "$saved"
fi
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
install() {
  apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "${missing[@]}" </dev/null
}
echo "System packages: installing ${missing[*]}"
# Package lists may be old or absent: then they are fetched and it is tried once more.
install || { apt-get update -q && install; }
