#!/bin/sh
# stages.sh check | carry -- keeps the parts in step, as docs/stages.txt says.
#
# check  fails on any file of a part that differs from the part before it and
#        is not listed, and on any entry that lists nothing new.
# carry  copies what is not listed from each part to the next.
set -eu
cd "$(dirname "$0")/../.."
stages=docs/stages.txt
bad=0

complain() {
    echo "$*" >&2
    bad=$((bad + 1))
}

listed() { # part file
    awk -v part="$1" -v file="$2" \
        '$1 == part && $2 == file { found = 1 } END { exit !found }' "$stages"
}

carry() { # from to
    for path in "$1"/*; do
        file=${path##*/}
        listed "$2" "$file" && continue
        cmp -s "$path" "$2/$file" && continue
        cp "$path" "$2/$file"
        echo "$path -> $2/$file"
    done
}

check() { # from to
    for path in "$1"/* "$2"/*; do
        file=${path##*/}
        if listed "$2" "$file"; then
            cmp -s "$1/$file" "$2/$file" &&
                complain "$stages: $2 $file is listed, but carried unchanged"
        elif [ ! -e "$1/$file" ]; then
            complain "$2/$file: new in this part, but not in $stages"
        elif ! cmp -s "$1/$file" "$2/$file"; then
            complain "$2/$file: differs from $1/$file (make carry, or list it)"
        fi
    done
    # Entries whose file is gone from the part.
    while read -r part file _; do
        [ "$part" != "$2" ] || [ -e "$2/$file" ] ||
            complain "$stages: $2 $file does not exist"
    done <"$stages"
}

check_parts() {
    while read -r part file _; do
        case $part in
        '' | '#'* | part2-resp | part3-database) ;;
        *) complain "$stages: $part $file: there is no such part to differ" ;;
        esac
    done <"$stages"
}

case ${1-} in
check | carry)
    "$1" part1-server part2-resp
    "$1" part2-resp part3-database
    [ "$1" = carry ] || check_parts
    ;;
*)
    echo "usage: $0 check | carry" >&2
    exit 2
    ;;
esac
[ "$bad" -eq 0 ] || exit 1
[ "$1" = carry ] || echo "stages: every carried file is the same in each part"
