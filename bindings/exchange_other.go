//go:build !linux

package bindings

import "errors"

// exchange would give two directories each other's name at one moment.
func exchange(_, _ string) error { return errors.ErrUnsupported }
