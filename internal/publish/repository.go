package publish

import (
	"context"
	"errors"
	"os"

	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/opamcrates"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/toolchain"
)

// LockedCrates reads the registry crates of the lock in file, for opam packages of them:
// their manifests, and where they are downloaded. What cargo's download cache lacks is
// downloaded, through cargo.
func LockedCrates(ctx context.Context, w toolchain.Wanted, file string) ([]opamcrates.Crate, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, problem.New(problem.Usage, "cannot read the lock: %w", err).Hint("name a Cargo.lock: --lock rust/Cargo.lock")
	}
	lock, err := lockfile.Parse(file, src)
	if err != nil {
		return nil, err
	}
	problems := []error{foreign(lock, file)}
	files, err := download(ctx, w, file, registryCrates(lock))
	if err != nil {
		return nil, errors.Join(append(problems, err)...)
	}
	var crates []opamcrates.Crate
	from := origins{}
	for _, p := range lock.Packages {
		if p.Source != lockfile.DefaultRegistry || p.Checksum == "" {
			continue
		}
		id := registryCrates(&lockfile.Lock{Packages: []lockfile.Package{p}})[0]
		c, err := opamcrates.ReadCrate(files[id], p)
		if err == nil {
			c.URL, err = from.url(ctx, files[id], id)
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		crates = append(crates, c)
	}
	return crates, errors.Join(problems...)
}

// foreign finds the crates of a lock that no opam package can bring.
func foreign(lock *lockfile.Lock, file string) error {
	var problems []error
	for _, p := range lock.Packages {
		if p.Git() || (p.Registry() && p.Source != lockfile.DefaultRegistry) {
			problems = append(problems, problem.New(problem.Resolve, "the crate %s %s comes from %s, which opam cannot download a file from",
				p.Name, p.Version, p.Source).At(file, 0).
				Hint("bring it in a vendor directory, or release it to the default registry"))
		}
	}
	return errors.Join(problems...)
}
