package keeper

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/opam-cargo/opam-cargo/internal/lock"
)

// endWithParent ends a program with us, if we are killed.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// adopt makes us the parent of what loses its own: of what a build script leaves behind.
func adopt() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// endAdopted ends the processes that have left the group and still have the lock. A server
// that a wrapper such as sccache has started has not, and lives on.
func endAdopted(held lock.Handle) {
	var file unix.Stat_t
	if held.File == "" || unix.Stat(held.File, &file) != nil {
		return
	}
	for again := true; again; {
		again = false
		for _, pid := range children(os.Getpid()) {
			var its unix.Stat_t
			if unix.Stat(fmt.Sprintf("/proc/%d/fd/%d", pid, held.Fd), &its) != nil || its.Ino != file.Ino || its.Dev != file.Dev {
				continue
			}
			if syscall.Kill(pid, syscall.SIGKILL) == nil {
				_, _ = syscall.Wait4(pid, nil, 0, nil) // its children are ours then
				again = true
			}
		}
	}
}

// children are those of a process that have not ended.
func children(parent int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // what follows the program's name, which may hold anything
		if len(fields) < 2 || fields[0] == "Z" || fields[1] != strconv.Itoa(parent) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
