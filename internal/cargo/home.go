package cargo

import "path/filepath"

// UserHome is the user's own cargo home: the download cache and the configuration.
func UserHome(getenv func(string) string) string {
	if home := getenv("CARGO_HOME"); home != "" {
		return home
	}
	return filepath.Join(getenv("HOME"), ".cargo")
}
