//go:build !linux

package keeper

import (
	"syscall"

	"github.com/opam-cargo/opam-cargo/internal/lock"
)

// Elsewhere there is no signal at a parent's death, and nobody adopts: what outlives us, or
// has left its process group, has the lock as long as it lives.

func endWithParent(*syscall.SysProcAttr) {}

func adopt() {}

func endAdopted(lock.Handle) {}
