#!/bin/sh
# diff.sh FROM TO -- what a part adds to the one before it, readably: first
# which files, then the changes in those that both have, then the new ones.
set -eu
cd "$(dirname "$0")/../.."
from=$1
to=$2

why() { # file
    awk -v part="$to" -v file="$1" '$1 == part && $2 == file {
        sub(/^[^ ]+ +[^ ]+ +/, ""); print }' docs/stages.txt
}

echo "From $from to $to:"
for path in "$to"/*; do
    file=${path##*/}
    cmp -s "$from/$file" "$path" ||
        printf '  %-22s %4d lines  %s\n' "$file" "$(wc -l <"$path")" "$(why "$file")"
done
echo
colour=
[ ! -t 1 ] || colour=--color=always
# diff exits with 1 when it finds what it was asked to find.
# shellcheck disable=SC2086 # no word if there is no terminal
diff -u $colour "$from" "$to" | grep -v '^Only in' || true
for path in "$to"/*; do
    [ -e "$from/${path##*/}" ] || printf '\n==== new: %s\n' "$path"
    [ -e "$from/${path##*/}" ] || cat "$path"
done
