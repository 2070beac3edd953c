#!/bin/sh
# An example of a program for ext_auth: looks an account up in a file of account:password:team lines.
read -r account password
while IFS=: read -r known expected team; do
  [ "$account" = "$known" ] || continue
  [ "$password" = "$expected" ] || exit 1
  printf '{"labels": {"team": ["%s"]}}\n' "$team"
  exit 0
done <"$1"
exit 2
