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
		if (result[test] == "SKIP") skipped[reason(line[test, 1])]++
		if (result[test] == "FAIL") {
			failed++
			broken = 0
			told = told "\n" $2 " " test "\n"
			for (i = 1; i <= lines[test]; i++) told = told line[test, i] "\n"
		}
	}
	if (broken) { failed++; told = told "\n" $2 " (see the log)\n" }
	split("", result); split("", parents); split("", line); split("", lines)
	test = ""
	next
}
{ line[test, ++lines[test]] = $0 }
function reason(text) {
	sub(/^ *[A-Za-z0-9_]*\.go:[0-9]*: (SKIPPED: )?/, "", text)
	return text
}
END {
	all = passed + 0 " passed"
	if (failed) all = all ", " failed " FAILED"
	for (why in skipped) all = all "; " skipped[why] " not run: " why
	print all told
}
