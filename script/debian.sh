# shellcheck shell=sh
# What the scripts know of this machine's Debian. Sourced by script/dune3 and script/matrix.

# debian_site: the address of the archive, as apt here has it.
debian_site() {
  # shellcheck disable=SC2016 # apt's own variables
  apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' | grep -v -e '-security$' | head -n 1 | cut -d' ' -f1
}
