#!/usr/bin/env bash
# Runs every fuzz test of the module for a short time each. A package is built once for all of its tests.
# Usage: FUZZTIME=5s scripts/fuzz.sh [package ...]
set -euo pipefail
cd "$(dirname "$0")/.."

time=${FUZZTIME:-5s}
[ $# -gt 0 ] || set -- $(git grep -lE '^func Fuzz' -- '*_test.go' | xargs -r -n1 dirname | sort -u | sed 's|^|./|')

built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
cache=$(go env GOCACHE)/fuzz

for package in "$@"; do
	# -fuzz makes the build count coverage, which guides the fuzzer; with -c nothing is run.
	go test -c -fuzz . -o "$built/fuzz.test" "$package"
	name=$(go list "$package")
	# A test runs in its package's directory, where a failing input is left in testdata. One target is fuzzed at a time.
	for target in $("$built/fuzz.test" -test.list '^Fuzz'); do
		echo "fuzz $package $target for $time"
		(cd "$package" && "$built/fuzz.test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" \
			-test.fuzzminimizetime 10x -test.fuzzcachedir "$cache/$name")
	done
done
