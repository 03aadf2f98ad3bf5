# Of a go test -v log: how many tests passed and failed, what was not run and why; then
# the output of those that failed. A test with subtests counts as these.
/^=== (RUN|PAUSE|CONT|NAME)/ { test = $3; next }
/^ *--- (PASS|FAIL|SKIP): / {
	test = $3
	result[test] = substr($2, 1, 4)
	for (parent = test; sub(/\/[^\/]*$/, "", parent);) parents[parent] = 1
	next
}
/^(ok|FAIL)[ \t]/ { # the end of a package
	broken = $1 == "FAIL"
	for (test in result) {
		if (test in parents) continue
		if (result[test] == "PASS") passed++
		if (result[test] == "SKIP") skipped[reason(output[test])]++
		if (result[test] == "FAIL") {
			failed++
			broken = 0
			told = told "\n" $2 " " test "\n" output[test]
		}
	}
	if (broken) { failed++; told = told "\n" $2 " (see the log)\n" }
	split("", result); split("", parents); split("", output)
	test = ""
	next
}
{ output[test] = output[test] $0 "\n" }
function reason(text) {
	sub(/^ *[A-Za-z0-9_]*\.go:[0-9]*: (SKIPPED: )?/, "", text)
	sub(/\n.*/, "", text)
	return text
}
END {
	line = passed + 0 " passed"
	if (failed) line = line ", " failed " FAILED"
	for (why in skipped) line = line "; " skipped[why] " not run: " why
	print line told
}
