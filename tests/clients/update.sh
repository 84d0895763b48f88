#!/bin/sh
# update.sh -- raises the clients from npm to the newest that this Node runs.
# ("*" makes npm look at which Node each version asks for; "latest" would not.)
set -eu
cd "$(dirname "$0")"
# shellcheck disable=SC2016 # JavaScript's dollars, not the shell's
clients=$(node -p '
    const { dependencies } = JSON.parse(fs.readFileSync("package.json"));
    Object.keys(dependencies).map(name =>
        name === "redis4" ? "redis4@npm:redis@4" : `${name}@*`).join(" ")')
# What is there would do for "*".
rm -rf node_modules package-lock.json
npm pkg delete dependencies
# shellcheck disable=SC2086 # a list of packages
npm install --save-exact $clients
git diff --stat -- package.json package-lock.json
