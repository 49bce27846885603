#!/usr/bin/env bash
# Runs every fuzz test of the module for a short time each.
# Usage: FUZZTIME=5s scripts/fuzz.sh [package ...]
set -euo pipefail
cd "$(dirname "$0")/.."

time=${FUZZTIME:-5s}
[ $# -gt 0 ] || set -- $(git grep -lE '^func Fuzz' -- '*_test.go' | xargs -r -n1 dirname | sort -u | sed 's|^|./|')

for package in "$@"; do
	# go test fuzzes one target at a time.
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz'); do
		echo "fuzz $package $target for $time"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 10x "$package"
	done
done
