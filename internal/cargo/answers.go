package cargo

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ForgetFailures deletes what cargo keeps of rustc's answers in a target directory
// (.rustc_info.json) if a failure is among them: it keeps those too, and a rustc that
// could not start once, for want of memory or disk, would have failed for ever.
func ForgetFailures(target string) error {
	file := filepath.Join(target, ".rustc_info.json")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var kept struct {
		Outputs map[string]struct {
			Success bool `json:"success"`
		} `json:"outputs"`
	}
	if json.Unmarshal(text, &kept) != nil {
		return nil // cargo begins anew itself then
	}
	for _, answer := range kept.Outputs {
		if !answer.Success {
			return os.Remove(file)
		}
	}
	return nil
}
