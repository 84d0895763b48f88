#!/bin/sh
# lint.sh FILE... -- all linters over the C files named and over the scripts.
set -u
cd "$(dirname "$0")/.." || exit
bad=0

echo "clang-format"
clang-format --dry-run --Werror "$@" || bad=1

echo "shellcheck"
find . -name '*.sh' -not -path './build/*' -not -path '*/node_modules/*' \
    -exec shellcheck {} + || bad=1
shellcheck .ci/run || bad=1

# Each part sees its own headers first, so the parts are checked one by one.
for part in part1-server part2-resp part3-database; do
    echo "cppcheck, clang-tidy: $part"
    cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
        --enable=warning,portability,performance --suppress=missingInclude \
        --suppress=missingIncludeSystem -D_GNU_SOURCE -I "$part" -I common \
        "$part" common || bad=1
    printf '%s\n' "$part"/*.c common/*.c |
        xargs -P 2 -I FILE clang-tidy --quiet FILE -- \
            -std=c11 -D_GNU_SOURCE -I "$part" -I common 2>/dev/null || bad=1
done
exit $bad
